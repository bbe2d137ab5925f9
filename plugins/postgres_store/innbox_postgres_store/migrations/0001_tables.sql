-- What the store keeps. Ids are UUIDv7, made by Innbox; times are the database's unless a comment says otherwise.

CREATE TABLE guests (
    id         uuid PRIMARY KEY,
    hotel      text NOT NULL,
    name       text,
    language   text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- search finds a guest by the beginning of any part of the name
CREATE INDEX guests_by_name ON guests USING gin (to_tsvector('simple', coalesce(name, '')));

-- Every handle under which a guest is known to a hotel. The one of a conversation is in `conversations`.
CREATE TABLE addresses (
    hotel    text NOT NULL,
    channel  text NOT NULL,
    handle   text NOT NULL,
    guest_id uuid NOT NULL REFERENCES guests ON DELETE CASCADE,
    PRIMARY KEY (hotel, channel, handle)
);
CREATE INDEX addresses_by_guest ON addresses (guest_id);
-- search finds a number from its first digits, and from its last ones (people leave out the country)
CREATE INDEX addresses_by_handle ON addresses (handle text_pattern_ops);
CREATE INDEX addresses_by_handle_end ON addresses (reverse(handle) text_pattern_ops);

CREATE TABLE conversations (
    id               uuid PRIMARY KEY,
    hotel            text NOT NULL,
    channel          text NOT NULL,
    guest_id         uuid NOT NULL REFERENCES guests ON DELETE CASCADE,
    handle           text NOT NULL,     -- where the guest last wrote from, and is answered
    status           text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'snoozed', 'resolved')),
    handled_by       text NOT NULL CHECK (handled_by IN ('bot', 'staff')),
    epoch            integer NOT NULL DEFAULT 0,
    assignee         text,
    unread           integer NOT NULL DEFAULT 0,
    labels           text[] NOT NULL DEFAULT '{}',
    created_at       timestamptz NOT NULL,
    last_at          timestamptz NOT NULL,
    last_seq         integer NOT NULL DEFAULT 0,
    window_closes_at timestamptz,

    -- answering
    last_in_seq      integer NOT NULL DEFAULT 0,  -- the guest's newest message
    answered_seq     integer NOT NULL DEFAULT 0,  -- guest messages up to this one are answered
    unanswered_since timestamptz,                 -- when the first message after `answered_seq` came
    burst_since      timestamptz,                 -- when the first message came that no turn has seen
    answer_at        timestamptz,                 -- when a turn is due; NULL: none is
    answer_fence     bigint NOT NULL DEFAULT 0,   -- raised by every claim, and whenever a claim is taken away
    answer_by        text,                        -- the worker that holds the claim
    answer_turn      uuid,                        -- the turn that the claim is for
    rethinks         integer NOT NULL DEFAULT 0,
    tries            integer NOT NULL DEFAULT 0,

    -- delivering
    deliver_at       timestamptz,                 -- when the first unfinished `out` message may be worked on
    deliver_fence    bigint NOT NULL DEFAULT 0,
    deliver_by       text,
    deliver_token    uuid,                        -- proves which call made the claim

    UNIQUE (guest_id, channel)
) WITH (fillfactor = 80);
CREATE INDEX conversations_by_hotel ON conversations (hotel, last_at DESC, id DESC);
CREATE INDEX conversations_by_time ON conversations (last_at DESC, id DESC);
CREATE INDEX conversations_to_answer ON conversations (answer_at) WHERE answer_at IS NOT NULL;
CREATE INDEX conversations_to_deliver ON conversations (deliver_at) WHERE deliver_at IS NOT NULL;

-- What changes while a message is delivered is in no index here, so that these updates stay cheap (HOT): see `outbox`
-- and `provider_ids`.
CREATE TABLE messages (
    id              uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    seq             integer NOT NULL,
    channel         text NOT NULL,
    direction       text NOT NULL CHECK (direction IN ('in', 'out', 'note')),
    author_kind     text NOT NULL CHECK (author_kind IN ('guest', 'bot', 'staff', 'system')),
    author_name     text,
    text            text NOT NULL,
    attachments     jsonb,
    created_at      timestamptz NOT NULL,
    provider_id     text,
    client_id       text,
    part            smallint NOT NULL DEFAULT 0,   -- which of the messages that one client_id made
    meta            json,

    -- of `out` messages alone
    status          text CHECK ((status IS NOT NULL) = (direction = 'out')),
    error_code      text,
    error_text      text,
    attempt         integer NOT NULL DEFAULT 0,
    absences        integer NOT NULL DEFAULT 0,
    sending_since   timestamptz,
    sending_token   uuid,                          -- proves which claim made it `sending`
    stopped         boolean NOT NULL DEFAULT false, -- staff took over: not to be sent once more

    words           tsvector GENERATED ALWAYS AS (to_tsvector('simple', text)) STORED,
    UNIQUE (conversation_id, seq)
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX messages_by_client_id ON messages (conversation_id, client_id, part) WHERE client_id IS NOT NULL;
-- a short pending list keeps searches quick while messages pour in
CREATE INDEX messages_by_words ON messages USING gin (words) WITH (gin_pending_list_limit = 512);

-- `out` messages that are pending, sending or unknown, and the parked ones: few, however many have been sent.
CREATE TABLE outbox (
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    seq             integer NOT NULL,
    message_id      uuid NOT NULL,
    parked          boolean NOT NULL DEFAULT false,
    PRIMARY KEY (conversation_id, seq)
);

-- The providers' ids of `out` messages. Those of guests' messages are the key of `raw_inbound`.
CREATE TABLE provider_ids (
    channel     text NOT NULL,
    provider_id text NOT NULL,
    message_id  uuid NOT NULL REFERENCES messages ON DELETE CASCADE,
    PRIMARY KEY (channel, provider_id)
);
CREATE INDEX provider_ids_by_message ON provider_ids (message_id);

-- Every webhook as it came. Its key is what makes a second copy harmless. `json` keeps even what `jsonb` refuses.
CREATE TABLE raw_inbound (
    channel     text NOT NULL,
    provider_id text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    raw         json NOT NULL,
    message_id  uuid,             -- NULL: it belongs to nobody, for the reason given
    reason      text,
    PRIMARY KEY (channel, provider_id)
);

CREATE TABLE turns (
    id              uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    ended_at        timestamptz NOT NULL,
    ending          text NOT NULL CHECK (ending IN ('reply', 'hand_over', 'no_reply')),
    epoch           integer NOT NULL,
    last_seq        integer NOT NULL,
    rethinks        integer NOT NULL,
    tries           integer NOT NULL,
    record          json NOT NULL
);
CREATE INDEX turns_by_conversation ON turns (conversation_id, ended_at);

CREATE TABLE tool_effects (
    id             uuid PRIMARY KEY,
    turn_id        uuid NOT NULL REFERENCES turns ON DELETE CASCADE,
    tool           text NOT NULL,
    what           text NOT NULL,
    data           json NOT NULL,
    needs_approval boolean NOT NULL,
    created_at     timestamptz NOT NULL
);
CREATE INDEX tool_effects_by_turn ON tool_effects (turn_id);

-- Facts for the desk. They hold references only: what they refer to is read as it is now, so erasing it leaves no copy.
CREATE TABLE events (
    number          bigint PRIMARY KEY,
    name            text NOT NULL,
    hotel           text NOT NULL,
    channel         text NOT NULL,
    conversation_id uuid NOT NULL,
    message_id      uuid,           -- NULL: the event is of the conversation
    at              timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- One row, whose lock is held from the numbering of a transaction's events to its commit: so numbers appear in order.
CREATE TABLE event_counter (
    id   boolean PRIMARY KEY DEFAULT true CHECK (id),
    last bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO event_counter (last) VALUES (0);

CREATE TABLE workers (
    name    text PRIMARY KEY,
    seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE users (
    name          text PRIMARY KEY,
    role          text NOT NULL,
    hotels        text[],           -- NULL: every hotel
    disabled      boolean NOT NULL DEFAULT false,
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL
);
CREATE UNIQUE INDEX users_by_name ON users (lower(name));

CREATE TABLE sessions (
    token_hash text PRIMARY KEY,
    user_name  text NOT NULL REFERENCES users ON DELETE CASCADE,
    ends_at    timestamptz NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_name);
CREATE INDEX sessions_by_end ON sessions (ends_at);

CREATE TABLE settings (
    hotel      text NOT NULL,
    key        text NOT NULL,
    value      json NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (hotel, key)
);

-- Attachments that are fetched from a provider, and their bytes once they are here.
CREATE TABLE media (
    message_id   uuid NOT NULL REFERENCES messages ON DELETE CASCADE,
    position     integer NOT NULL,
    tries        integer NOT NULL DEFAULT 0,
    again_at     timestamptz,       -- NULL: here, or given up
    content_type text,
    name         text,
    data         bytea,
    PRIMARY KEY (message_id, position)
);
CREATE INDEX media_to_fetch ON media (again_at) WHERE again_at IS NOT NULL;

CREATE TABLE chores (
    name    text PRIMARY KEY,
    done_at timestamptz NOT NULL
);

CREATE TABLE watermarks (
    name text PRIMARY KEY,
    at   timestamptz NOT NULL
);

CREATE TABLE counters (
    name  text PRIMARY KEY,
    value double precision NOT NULL
);
