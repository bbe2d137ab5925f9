-- concurrently
-- The indexes of the desk's views, which are walked by key, and of its timers, which are few. No column here changes while
-- a turn or a delivery is claimed, so that those updates stay cheap (HOT).

DROP INDEX CONCURRENTLY IF EXISTS conversations_by_drawer;
CREATE INDEX CONCURRENTLY conversations_by_drawer
    ON conversations (hotel, drawer(status, handled_by, assignee), last_at DESC, id DESC);

DROP INDEX CONCURRENTLY IF EXISTS conversations_not_resolved;
CREATE INDEX CONCURRENTLY conversations_not_resolved ON conversations (hotel, last_at DESC, id DESC)
WHERE status <> 'resolved';

DROP INDEX CONCURRENTLY IF EXISTS conversations_waiting;
CREATE INDEX CONCURRENTLY conversations_waiting ON conversations (hotel, unanswered_since, id)
WHERE status = 'open' AND unanswered_since IS NOT NULL;

DROP INDEX CONCURRENTLY IF EXISTS conversations_urgent;
CREATE INDEX CONCURRENTLY conversations_urgent ON conversations (hotel, last_at DESC, id DESC)
WHERE status = 'open' AND urgent_since IS NOT NULL;

-- when time next brings something
DROP INDEX CONCURRENTLY IF EXISTS conversations_with_timer;
CREATE INDEX CONCURRENTLY conversations_with_timer ON conversations (least(snoozed_until, bot_back_at, ring_at))
WHERE least(snoozed_until, bot_back_at, ring_at) IS NOT NULL;
