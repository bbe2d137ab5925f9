-- What staff work with at the desk: views, labels, snoozes, urgency, drafts of the bot's, scheduled and canned messages.

ALTER TABLE conversations
    ADD COLUMN snoozed_until          timestamptz,
    ADD COLUMN bot_mode               text CHECK (bot_mode IN ('auto', 'draft', 'off')),  -- NULL: as the hotel's
    ADD COLUMN bot_back_at            timestamptz,  -- when the bot has it again; only while staff have it
    ADD COLUMN scheduled_at           timestamptz,  -- when the next scheduled message leaves
    ADD COLUMN suggestion_id          uuid,         -- the bot's draft that waits for staff
    ADD COLUMN urgent_since           timestamptz,  -- NULL: not urgent, and nothing of the next four either
    ADD COLUMN urgent_words           text[],
    ADD COLUMN urgent_rings_for       text,         -- NULL: everybody
    ADD COLUMN urgent_acknowledged_by text,
    ADD COLUMN ring_at                timestamptz;  -- when it rings for the next person

ALTER TABLE guests ADD COLUMN opted_out_at timestamptz;

-- NOT VALID: no look at the rows that are there, which the old one held already.
ALTER TABLE turns
    DROP CONSTRAINT turns_ending_check,
    ADD CONSTRAINT turns_ending_check CHECK (ending IN ('reply', 'hand_over', 'no_reply', 'propose')) NOT VALID;

-- What the bot would have answered. The one that waits has no outcome; its id is in `conversations`.
CREATE TABLE suggestions (
    id              uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    turn_id         uuid NOT NULL,
    seq             integer NOT NULL,               -- of the newest guest message that it answers
    text            text NOT NULL,
    sources         jsonb NOT NULL DEFAULT '[]',
    made_at         timestamptz NOT NULL,
    outcome         text CHECK (outcome IN ('sent', 'dismissed', 'replaced', 'ended')),
    final_text      text,                           -- what staff sent instead
    settled_by      text,
    settled_at      timestamptz
);
CREATE INDEX suggestions_by_conversation ON suggestions (conversation_id, made_at);

-- Messages that leave at a time. They stay here when they have left or were called back, for their `client_id`.
CREATE TABLE scheduled_messages (
    id              uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    user_name       text NOT NULL,
    text            text NOT NULL,
    at              timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    seen_seq        integer NOT NULL,               -- the guest's newest message then
    client_id       text,
    ended_at        timestamptz                     -- when it left or was called back
);
CREATE UNIQUE INDEX scheduled_messages_by_client_id ON scheduled_messages (conversation_id, client_id)
WHERE client_id IS NOT NULL;
CREATE INDEX scheduled_messages_by_conversation ON scheduled_messages (conversation_id, at);
CREATE INDEX scheduled_messages_to_send ON scheduled_messages (at) WHERE ended_at IS NULL;

-- `shortcut_key` is the shortcut without regard to case.
CREATE TABLE canned_replies (
    id           uuid PRIMARY KEY,
    hotel        text NOT NULL,
    shortcut     text NOT NULL,
    shortcut_key text NOT NULL,
    text         text NOT NULL,
    UNIQUE (hotel, shortcut_key)
);

-- The labels in `conversations`, to be listed and found; `label_key` is the label without regard to case.
CREATE TABLE conversation_labels (
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    hotel           text NOT NULL,
    label           text NOT NULL,
    label_key       text NOT NULL,
    PRIMARY KEY (conversation_id, label)
);
CREATE INDEX conversation_labels_by_hotel ON conversation_labels (hotel, label, conversation_id);
CREATE INDEX conversation_labels_by_key ON conversation_labels (label_key, conversation_id);

-- The drawer that a conversation lies in: each is a view of the desk, those of staff one for each assignee. Indexed in
-- 0016, and so not to be changed.
CREATE FUNCTION drawer(p_status text, p_handled_by text, p_assignee text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_status <> 'open' THEN p_status WHEN p_handled_by = 'bot' THEN 'bot'
           ELSE '@' || coalesce(p_assignee, '') END
$$;

-- As in 0002; and what the desk keeps.
CREATE OR REPLACE VIEW conversation_facts AS
SELECT
    c.id, c.hotel, c.channel, c.guest_id,
    json_build_object(
        'id', c.id, 'hotel', c.hotel, 'channel', c.channel,
        'guest_id', c.guest_id, 'guest_name', g.name, 'handle', c.handle, 'language', g.language,
        'opted_out', g.opted_out_at IS NOT NULL,
        'status', c.status, 'handled_by', c.handled_by, 'epoch', c.epoch, 'assignee', c.assignee,
        'unread', c.unread, 'last_at', c.last_at, 'window_closes_at', c.window_closes_at, 'labels', c.labels,
        'waiting_since', c.unanswered_since, 'snoozed_until', c.snoozed_until, 'bot_mode', c.bot_mode,
        'bot_back_at', c.bot_back_at, 'scheduled_at', c.scheduled_at,
        'urgent_since', c.urgent_since, 'urgent_words', c.urgent_words, 'urgent_rings_for', c.urgent_rings_for,
        'urgent_acknowledged_by', c.urgent_acknowledged_by,
        'suggestion', CASE WHEN s.id IS NOT NULL THEN json_build_object(
            'id', s.id, 'text', s.text, 'seq', s.seq, 'turn_id', s.turn_id, 'sources', s.sources
        ) END,
        'last_message', m.facts
    ) AS facts
FROM conversations AS c
JOIN guests AS g ON g.id = c.guest_id
LEFT JOIN suggestions AS s ON s.id = c.suggestion_id
LEFT JOIN message_facts AS m ON m.conversation_id = c.id AND m.seq = c.last_seq;

-- Settle the suggestion of a locked conversation, where one waits.
CREATE FUNCTION settle_suggestion(p_conversation uuid, p_outcome text, p_by text, p_final text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE suggestions SET outcome = p_outcome, final_text = p_final, settled_by = p_by, settled_at = clock_timestamp()
    WHERE id = (SELECT suggestion_id FROM conversations WHERE id = p_conversation);
    UPDATE conversations SET suggestion_id = NULL WHERE id = p_conversation;
END
$$;
