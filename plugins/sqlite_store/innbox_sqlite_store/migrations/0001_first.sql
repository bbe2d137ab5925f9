-- The first schema. Times are whole microseconds since 1970 in UTC; lists and mappings are JSON text.

-- A person, known to one hotel. name_key is the name without regard to case, for the search.
CREATE TABLE guests (
    id TEXT PRIMARY KEY,
    hotel TEXT NOT NULL,
    name TEXT,
    name_key TEXT,
    language TEXT,
    created_at INTEGER NOT NULL
) STRICT;

-- Where a guest can be reached. A handle belongs to one guest of a hotel.
CREATE TABLE addresses (
    hotel TEXT NOT NULL,
    channel TEXT NOT NULL,
    handle TEXT NOT NULL,
    guest_id TEXT NOT NULL REFERENCES guests (id) ON DELETE CASCADE,
    PRIMARY KEY (hotel, channel, handle)
) STRICT, WITHOUT ROWID;

CREATE INDEX addresses_of_guest ON addresses (guest_id);

-- One guest with one hotel on one channel, and what is to be done next in it.
CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    hotel TEXT NOT NULL,
    channel TEXT NOT NULL,
    guest_id TEXT NOT NULL REFERENCES guests (id) ON DELETE CASCADE,
    handle TEXT NOT NULL,              -- where the guest wrote from last: replies go there
    status TEXT NOT NULL DEFAULT 'open',
    handled_by TEXT NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0,
    assignee TEXT,
    unread INTEGER NOT NULL DEFAULT 0,
    labels TEXT NOT NULL DEFAULT '[]',
    last_seq INTEGER NOT NULL DEFAULT 0,
    last_message_id TEXT,
    last_at INTEGER NOT NULL,
    window_closes_at INTEGER,
    guest_seq INTEGER NOT NULL DEFAULT 0,      -- of the guest's newest message
    answered_seq INTEGER NOT NULL DEFAULT 0,   -- up to here the guest has been answered
    waiting_since INTEGER,                     -- when the first unanswered message came
    answer_at INTEGER,                         -- when a turn is due; only where the bot handles it
    answer_fence INTEGER NOT NULL DEFAULT 0,
    answer_worker TEXT,
    answer_turn TEXT,                          -- the turn that holds the claim
    rethinks INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    deliver_at INTEGER,                        -- when the first message not at rest is due
    deliver_fence INTEGER NOT NULL DEFAULT 0,
    deliver_worker TEXT,
    UNIQUE (guest_id, channel)
) STRICT;

CREATE INDEX conversations_inbox ON conversations (last_at, id);
CREATE INDEX conversations_inbox_of_hotel ON conversations (hotel, last_at, id);
CREATE INDEX conversations_answer ON conversations (answer_at) WHERE answer_at IS NOT NULL;
CREATE INDEX conversations_deliver ON conversations (deliver_at) WHERE deliver_at IS NOT NULL;
CREATE INDEX conversations_answer_worker ON conversations (answer_worker) WHERE answer_worker IS NOT NULL;
CREATE INDEX conversations_deliver_worker ON conversations (deliver_worker) WHERE deliver_worker IS NOT NULL;

-- n exists for the full-text index, which needs a whole number.
CREATE TABLE messages (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    direction TEXT NOT NULL,
    author_kind TEXT NOT NULL,
    author_name TEXT,
    text TEXT NOT NULL,
    attachments TEXT NOT NULL DEFAULT '[]',
    meta TEXT NOT NULL DEFAULT '{}',
    created_at INTEGER NOT NULL,
    provider_id TEXT,
    client_id TEXT,                    -- the desk's own id of a reply or note, so that it is added once
    status TEXT,                       -- from here on: of out messages alone
    error_code TEXT,
    error_text TEXT,
    template TEXT,
    due_at INTEGER,                    -- not before this is it sent, or asked about
    attempt INTEGER NOT NULL DEFAULT 0,
    absences INTEGER NOT NULL DEFAULT 0,
    sending_since INTEGER,
    recalled INTEGER NOT NULL DEFAULT 0,   -- staff took over while it was leaving: no new attempt may begin
    UNIQUE (conversation_id, seq)
) STRICT;

CREATE INDEX messages_leaving ON messages (conversation_id, seq) WHERE status IN ('pending', 'sending', 'unknown');
CREATE INDEX messages_not_at_rest ON messages (status) WHERE status IN ('pending', 'sending', 'unknown', 'parked');
CREATE INDEX messages_sent ON messages (provider_id) WHERE direction = 'out' AND provider_id IS NOT NULL;
CREATE INDEX messages_of_client ON messages (conversation_id, client_id) WHERE client_id IS NOT NULL;

CREATE VIRTUAL TABLE message_search USING fts5 (
    text, content = 'messages', content_rowid = 'n', tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER message_search_insert AFTER INSERT ON messages BEGIN
    INSERT INTO message_search (rowid, text) VALUES (new.n, new.text);
END;

CREATE TRIGGER message_search_delete AFTER DELETE ON messages BEGIN
    INSERT INTO message_search (message_search, rowid, text) VALUES ('delete', old.n, old.text);
END;

CREATE TRIGGER message_search_update AFTER UPDATE OF text ON messages BEGIN
    INSERT INTO message_search (message_search, rowid, text) VALUES ('delete', old.n, old.text);
    INSERT INTO message_search (rowid, text) VALUES (new.n, new.text);
END;

-- Each webhook as it came. message_id is empty for those kept aside, which have a reason.
CREATE TABLE raw_inbound (
    channel TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    raw TEXT NOT NULL,
    reason TEXT,
    message_id TEXT REFERENCES messages (id) ON DELETE SET NULL,
    PRIMARY KEY (channel, provider_id)
) STRICT;

CREATE INDEX raw_inbound_of_message ON raw_inbound (message_id) WHERE message_id IS NOT NULL;

-- How an answer came about.
CREATE TABLE turns (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    ending TEXT NOT NULL,              -- reply, hand_over or no_reply
    epoch INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    record TEXT NOT NULL,
    ended_at INTEGER NOT NULL
) STRICT;

CREATE INDEX turns_of_conversation ON turns (conversation_id, ended_at);

-- What tools asked for, written with the turn that asked.
CREATE TABLE tool_effects (
    id TEXT PRIMARY KEY,
    turn_id TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    tool TEXT NOT NULL,
    what TEXT NOT NULL,
    data TEXT NOT NULL,
    needs_approval INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX tool_effects_of_turn ON tool_effects (turn_id);
CREATE INDEX tool_effects_of_conversation ON tool_effects (conversation_id);

-- The log of events: references only, the data is read as of now. One writer at a time holds the file, so a number
-- can never be seen before a lower one.
CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    hotel TEXT NOT NULL,
    channel TEXT NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    message_id TEXT REFERENCES messages (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX events_of_hotel ON events (hotel, number);
CREATE INDEX events_of_conversation ON events (conversation_id);
CREATE INDEX events_of_message ON events (message_id) WHERE message_id IS NOT NULL;

-- Attachments that are fetched from the provider, and what came of it.
CREATE TABLE media (
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    try_at INTEGER NOT NULL,
    content_type TEXT,
    name TEXT,
    data BLOB,
    PRIMARY KEY (message_id, position)
) STRICT;

CREATE INDEX media_fetching ON media (try_at) WHERE state = 'fetching';

CREATE TABLE users (
    name_key TEXT PRIMARY KEY,         -- the name without regard to case
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    hotels TEXT,                       -- NULL: every hotel
    password_hash TEXT NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    user_key TEXT NOT NULL REFERENCES users (name_key) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_of_user ON sessions (user_key);

CREATE TABLE settings (
    hotel TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (hotel, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE workers (
    name TEXT PRIMARY KEY,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE chores (
    name TEXT PRIMARY KEY,
    begun_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE watermarks (
    name TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value REAL NOT NULL
) STRICT, WITHOUT ROWID;

-- A conversation with all that is shown of it.
CREATE VIEW shown_conversations AS
SELECT
    c.*,
    g.name AS guest_name,
    g.language AS guest_language,
    m.id AS message_id,
    m.seq AS message_seq,
    m.direction AS message_direction,
    m.author_kind AS message_author_kind,
    m.author_name AS message_author_name,
    m.text AS message_text,
    m.attachments AS message_attachments,
    m.meta AS message_meta,
    m.created_at AS message_created_at,
    m.provider_id AS message_provider_id,
    m.status AS message_status,
    m.error_code AS message_error_code,
    m.error_text AS message_error_text
FROM conversations AS c
JOIN guests AS g ON g.id = c.guest_id
LEFT JOIN messages AS m ON m.id = c.last_message_id;
