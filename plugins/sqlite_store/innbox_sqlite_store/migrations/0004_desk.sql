-- What staff work with at the desk: views, labels, snoozes, urgency, drafts of the bot's, scheduled and canned messages.

ALTER TABLE conversations ADD COLUMN snoozed_until INTEGER;
ALTER TABLE conversations ADD COLUMN bot_mode TEXT;                -- auto, draft or off; NULL: as the hotel's
ALTER TABLE conversations ADD COLUMN bot_back_at INTEGER;          -- when the bot has it again, while staff have it
ALTER TABLE conversations ADD COLUMN scheduled_at INTEGER;         -- when the next scheduled message leaves
ALTER TABLE conversations ADD COLUMN suggestion_id TEXT;           -- the bot's draft that waits for staff
ALTER TABLE conversations ADD COLUMN urgent_since INTEGER;         -- NULL: not urgent, nor anything of the next four
ALTER TABLE conversations ADD COLUMN urgent_words TEXT;
ALTER TABLE conversations ADD COLUMN urgent_rings_for TEXT;        -- NULL: everybody
ALTER TABLE conversations ADD COLUMN urgent_acknowledged_by TEXT;
ALTER TABLE conversations ADD COLUMN ring_at INTEGER;              -- when it rings for the next person

-- The drawer that a conversation lies in: each is a view of the desk, those of staff one for each assignee.
ALTER TABLE conversations ADD COLUMN drawer TEXT GENERATED ALWAYS AS (
    CASE WHEN status <> 'open' THEN status WHEN handled_by = 'bot' THEN 'bot' ELSE '@' || coalesce(assignee, '') END
) VIRTUAL;

ALTER TABLE guests ADD COLUMN opted_out_at INTEGER;

-- What the bot would have answered. The one that waits has no outcome; its id is in conversations.
CREATE TABLE suggestions (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    turn_id TEXT NOT NULL,
    seq INTEGER NOT NULL,              -- of the newest guest message that it answers
    text TEXT NOT NULL,
    sources TEXT NOT NULL DEFAULT '[]',
    made_at INTEGER NOT NULL,
    outcome TEXT,                      -- sent, dismissed, replaced or ended
    final_text TEXT,                   -- what staff sent instead
    settled_by TEXT,
    settled_at INTEGER
) STRICT;

CREATE INDEX suggestions_of_conversation ON suggestions (conversation_id, made_at);

-- Messages that leave at a time. They stay here when they have left or were called back, for their client_id.
CREATE TABLE scheduled_messages (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_name TEXT NOT NULL,
    text TEXT NOT NULL,
    at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    seen_seq INTEGER NOT NULL,         -- the guest's newest message then
    client_id TEXT,
    ended_at INTEGER                   -- when it left or was called back
) STRICT;

CREATE UNIQUE INDEX scheduled_messages_of_client ON scheduled_messages (conversation_id, client_id)
WHERE client_id IS NOT NULL;
CREATE INDEX scheduled_messages_of_conversation ON scheduled_messages (conversation_id, at);
CREATE INDEX scheduled_messages_to_send ON scheduled_messages (at) WHERE ended_at IS NULL;

-- shortcut_key is the shortcut without regard to case.
CREATE TABLE canned_replies (
    id TEXT PRIMARY KEY,
    hotel TEXT NOT NULL,
    shortcut TEXT NOT NULL,
    shortcut_key TEXT NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (hotel, shortcut_key)
) STRICT;

-- The labels in conversations, to be listed and found; label_key is the label without regard to case.
CREATE TABLE conversation_labels (
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    hotel TEXT NOT NULL,
    label TEXT NOT NULL,
    label_key TEXT NOT NULL,
    PRIMARY KEY (conversation_id, label)
) STRICT, WITHOUT ROWID;

CREATE INDEX conversation_labels_of_hotel ON conversation_labels (hotel, label, conversation_id);
CREATE INDEX conversation_labels_by_key ON conversation_labels (label_key, conversation_id);

CREATE INDEX conversations_by_drawer ON conversations (hotel, drawer, last_at, id);
CREATE INDEX conversations_not_resolved ON conversations (hotel, last_at, id) WHERE status <> 'resolved';
CREATE INDEX conversations_waiting ON conversations (hotel, waiting_since, id)
WHERE status = 'open' AND waiting_since IS NOT NULL;
CREATE INDEX conversations_urgent ON conversations (hotel, last_at, id)
WHERE status = 'open' AND urgent_since IS NOT NULL;
CREATE INDEX conversations_to_wake ON conversations (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX conversations_to_give_back ON conversations (bot_back_at) WHERE bot_back_at IS NOT NULL;
CREATE INDEX conversations_to_ring ON conversations (ring_at) WHERE ring_at IS NOT NULL;

DROP VIEW shown_conversations;

CREATE VIEW shown_conversations AS
SELECT
    c.*,
    g.name AS guest_name,
    g.language AS guest_language,
    g.opted_out_at,
    s.text AS suggestion_text,
    s.seq AS suggestion_seq,
    s.turn_id AS suggestion_turn_id,
    s.sources AS suggestion_sources,
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
LEFT JOIN suggestions AS s ON s.id = c.suggestion_id
LEFT JOIN messages AS m ON m.id = c.last_message_id;
