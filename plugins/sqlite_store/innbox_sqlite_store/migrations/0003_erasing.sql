-- What is left of erased guests: keyed hashes (marks) of their addresses and of their messages' provider ids.
CREATE TABLE tombstones (
    guest_id TEXT PRIMARY KEY,
    hotel TEXT NOT NULL,
    erased_at INTEGER NOT NULL,
    erased_by TEXT NOT NULL
) STRICT;

CREATE TABLE tombstone_marks (
    mark TEXT NOT NULL,
    guest_id TEXT NOT NULL REFERENCES tombstones (guest_id) ON DELETE CASCADE,
    PRIMARY KEY (mark, guest_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX tombstone_marks_of_guest ON tombstone_marks (guest_id);
CREATE INDEX raw_inbound_aside ON raw_inbound (channel) WHERE message_id IS NULL;

-- An event may tell that a conversation is gone, so it can no longer refer to one that is there.
CREATE TABLE new_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    hotel TEXT NOT NULL,
    channel TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    message_id TEXT REFERENCES messages (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT;

INSERT INTO new_events SELECT number, name, hotel, channel, conversation_id, message_id, created_at FROM events;

-- The numbers go on where they were, though the newest event may not be there any more.
DELETE FROM sqlite_sequence WHERE name = 'new_events';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_events', seq FROM sqlite_sequence WHERE name = 'events';

DROP TABLE events;
ALTER TABLE new_events RENAME TO events;

CREATE INDEX events_of_hotel ON events (hotel, number);
CREATE INDEX events_of_conversation ON events (conversation_id);
CREATE INDEX events_of_message ON events (message_id) WHERE message_id IS NOT NULL;
