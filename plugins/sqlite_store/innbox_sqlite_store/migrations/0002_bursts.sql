-- A burst begins with the first message that no turn has seen. waiting_since is older where a turn is at work, or failed.
ALTER TABLE conversations ADD COLUMN burst_since INTEGER;

UPDATE conversations SET burst_since = waiting_since WHERE answer_at IS NOT NULL AND answer_worker IS NULL;
