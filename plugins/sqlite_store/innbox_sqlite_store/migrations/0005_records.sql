-- Decisions of staff about deliveries, the figures, and who did what.

-- What happened at a hotel in a quarter of an hour, counted as it happens: so figures are few, however many messages there
-- are, and stay when a guest is erased. They name nobody. The waits are JSON lists, one number for each class.
CREATE TABLE figures (
    at INTEGER NOT NULL,
    hotel TEXT NOT NULL,
    guest_messages INTEGER NOT NULL DEFAULT 0,
    bot_messages INTEGER NOT NULL DEFAULT 0,
    staff_messages INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    hand_overs INTEGER NOT NULL DEFAULT 0,
    turns INTEGER NOT NULL DEFAULT 0,
    cost_usd REAL NOT NULL DEFAULT 0,
    waits_by_bot TEXT NOT NULL DEFAULT '[0,0,0,0,0,0,0,0,0,0,0]',
    waits_by_staff TEXT NOT NULL DEFAULT '[0,0,0,0,0,0,0,0,0,0,0]',
    resolved INTEGER NOT NULL DEFAULT 0,
    solve_seconds REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (at, hotel)
) STRICT, WITHOUT ROWID;

-- What was said up to here has been resolved; the first word after it opened the matter at hand.
ALTER TABLE conversations ADD COLUMN resolved_seq INTEGER NOT NULL DEFAULT 0;

UPDATE conversations SET resolved_seq = last_seq WHERE status = 'resolved';

-- The ids of attempts in whose place staff had another one made: what is told of them later says little.
CREATE TABLE retired_provider_ids (
    provider_id TEXT NOT NULL,
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    PRIMARY KEY (provider_id, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX retired_provider_ids_of_message ON retired_provider_ids (message_id);

-- Who did what. Entries outlive what they are about, so they refer to nothing.
CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    action TEXT NOT NULL,
    hotel TEXT,
    conversation_id TEXT,
    detail TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_of_hotel ON audit (hotel, id);
CREATE INDEX audit_of_user ON audit (user_name, id);
