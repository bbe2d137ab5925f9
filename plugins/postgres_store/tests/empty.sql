-- Empty a migrated database: what is not named here goes with what is (ON DELETE CASCADE).
DELETE FROM guests;
DELETE FROM tombstones;
DELETE FROM users;
DELETE FROM raw_inbound;
DELETE FROM events;
UPDATE event_counter SET last = 0;
DELETE FROM workers;
DELETE FROM settings;
DELETE FROM chores;
DELETE FROM watermarks;
DELETE FROM counters;
DELETE FROM canned_replies;
DELETE FROM figures;
DELETE FROM audit;
