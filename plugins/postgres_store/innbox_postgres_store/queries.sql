-- Every statement that the store sends. Each is one round trip and one transaction. A line `-- name: x` begins the
-- statement x; parameters are PostgreSQL's own ($1, $2 ...).

-- name: ping
SELECT 1

-- name: version
SELECT current_setting('server_version')


-- schema

-- one process migrates, the others ask again: whoever waits in the database is waited for by an index that is built
-- name: lock_schema
SELECT pg_try_advisory_lock(hashtextextended('innbox: schema', 0))

-- who waits for a lock on a table holds up all who come after; so a migration waits for less than a verb would, and for
-- less than the server takes to look for a deadlock
-- name: give_way
SET LOCAL lock_timeout = '700ms'

-- name: make_schema_migrations
CREATE TABLE IF NOT EXISTS schema_migrations (
    name       text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)

-- name: has_migrations
SELECT to_regclass('schema_migrations') IS NOT NULL

-- name: applied_migrations
SELECT name FROM schema_migrations

-- name: record_migration
INSERT INTO schema_migrations (name) VALUES ($1)


-- guests

-- name: ingest
SELECT CASE
    WHEN is_kept_out($1, $19, $20::text[], $12::timestamptz) THEN json_build_object('erased', true)
    ELSE ingest_message(
        $1, $2, $3, $4, $5::uuid, $6::uuid, $7::uuid, $8, $9::jsonb, $10, $11, $12::timestamptz, $13::json, $14::json,
        make_interval(secs => $15::float8), make_interval(secs => $16::float8), $17, make_interval(secs => $18::float8),
        $21::text[], $22, make_interval(secs => $23::float8), $24::jsonb, $25::boolean, $26::jsonb
    )
END

-- name: keep_aside
INSERT INTO raw_inbound (channel, provider_id, raw, reason) VALUES ($1, $2, $3::json, $4) ON CONFLICT DO NOTHING

-- name: report_status
SELECT take_report($1, $2::uuid, $3, $4, $5, $6)


-- erasing guests

-- name: export_guest
SELECT export_guest($1, $2, $3)

-- name: erase_guest
SELECT erase_guest($1, $2, $3, $4, $5::bytea, $6::bytea)

-- name: erase_again
SELECT erase_again($1::uuid, $2, $3::timestamptz, $4, $5::text[], $6::bytea, $7::bytea)

-- name: tombstones
SELECT
    t.guest_id::text, t.hotel, t.erased_at, t.erased_by,
    ARRAY(SELECT k.mark FROM tombstone_marks AS k WHERE k.guest_id = t.guest_id ORDER BY k.mark)
FROM tombstones AS t
WHERE t.guest_id > $1::uuid
ORDER BY t.guest_id
LIMIT $2


-- verbs that go to the server together

-- name: run_batch
CALL run_batch($1::text[], $2::text[], NULL)


-- answering

-- name: heartbeat
SELECT heartbeat($1, $2::uuid[], $3::uuid[])

-- name: retire
SELECT retire_worker($1)

-- what a dead worker claimed is due as well; a claim by a name without a heartbeat is a dead worker's
-- name: due
WITH living AS (SELECT name FROM workers WHERE seen_at > clock_timestamp() - heartbeat_life())
SELECT
    ARRAY(
        SELECT id::text FROM conversations
        WHERE answer_at <= clock_timestamp()
          AND (answer_by IS NULL OR answer_by NOT IN (SELECT name FROM living))
        ORDER BY answer_at
        LIMIT $1
    ),
    ARRAY(
        SELECT id::text FROM conversations
        WHERE deliver_at <= clock_timestamp()
          AND (deliver_by IS NULL OR deliver_by NOT IN (SELECT name FROM living))
        ORDER BY deliver_at
        LIMIT $1
    )

-- name: claim_turn
SELECT claim_turn($1, $2::uuid, $3::uuid, $4::integer)

-- name: commit_turn
SELECT commit_and_claim(
    $1::uuid, $2::uuid, $3, $4::integer, $5::integer, $6, $7, $8::jsonb, $9::jsonb, $10::json, $11, $12::uuid
)

-- name: release_turn
SELECT release_turn($1::uuid, $2::uuid, $3, $4::integer, $5::timestamptz)


-- delivering

-- name: claim_delivery
SELECT claim_delivery($1, $2::uuid, $3::uuid)

-- name: settle_delivery
SELECT settle_delivery($1::uuid, $2::uuid, $3, $4, $5::timestamptz, $6, $7, $8, $9)


-- staff

-- name: staff_reply
SELECT staff_reply($1::uuid, $2, $3::jsonb, $4, $5::integer, $6::uuid, $7::bytea[], $8::text[], $9::text[])

-- name: staff_note
SELECT staff_note($1::uuid, $2::jsonb, $3)

-- name: take_over
SELECT take_over($1::uuid, $2)

-- name: return_to_bot
SELECT return_to_bot($1::uuid)

-- name: resolve
SELECT resolve($1::uuid)

-- name: mark_read
SELECT mark_read($1::uuid)


-- drafts, translations and decisions of staff

-- name: dismiss_suggestion
SELECT dismiss_suggestion($1::uuid, $2::uuid, $3)

-- name: save_translation
SELECT save_translation($1::uuid, $2, $3, $4)

-- name: turn
SELECT json_build_object(
    'id', t.id, 'conversation_id', t.conversation_id, 'ending', t.ending, 'ended_at', t.ended_at, 'record', t.record,
    'effects', (
        SELECT json_agg(json_build_object(
            'tool', e.tool, 'what', e.what, 'data', e.data, 'needs_approval', e.needs_approval
        ) ORDER BY e.id)
        FROM tool_effects AS e WHERE e.turn_id = t.id
    )
)
FROM turns AS t
WHERE t.id = $1::uuid

-- name: retry
SELECT retry($1::uuid)

-- name: decide
SELECT decide($1::uuid, $2)

-- name: retry_media
SELECT retry_media($1::uuid, $2::integer)

-- name: guest_record
SELECT json_build_object(
    'conversation', here.facts, 'first_seen_at', g.created_at, 'opted_out_at', g.opted_out_at,
    'addresses', (
        SELECT json_agg(json_build_array(a.channel, a.handle) ORDER BY a.channel, a.handle)
        FROM addresses AS a WHERE a.guest_id = g.id
    ),
    'others', (
        SELECT json_agg(cf.facts ORDER BY other.last_at DESC, other.id DESC)
        FROM (
            SELECT c.id, c.last_at FROM conversations AS c
            WHERE c.guest_id = g.id AND c.id <> here.id
            ORDER BY c.last_at DESC, c.id DESC
            LIMIT 20
        ) AS other JOIN conversation_facts AS cf ON cf.id = other.id
    )
)
FROM conversation_facts AS here JOIN guests AS g ON g.id = here.guest_id
WHERE here.id = $1::uuid

-- name: set_opt_out
SELECT set_opt_out($1::uuid, $2)


-- figures and the audit log

-- name: figures
SELECT
    hotel, at, guest_messages, bot_messages, staff_messages, failed, hand_overs, turns, cost_usd, waits_by_bot,
    waits_by_staff, resolved, solve_seconds
FROM figures
WHERE at >= $2::timestamptz AND at < $3::timestamptz AND ($1::text[] IS NULL OR hotel = ANY ($1::text[]))
ORDER BY at, hotel COLLATE "C"

-- name: audit
INSERT INTO audit (id, at, user_name, action, hotel, conversation_id, detail)
VALUES ($1::uuid, least($2::timestamptz, clock_timestamp()), $3, $4, $5, $6::uuid, $7::json)
ON CONFLICT DO NOTHING

-- name: audit_page
SELECT id::text, at, user_name, action, hotel, conversation_id::text, detail FROM audit_page($1::text[], $2::uuid, $3::integer, $4)


-- the tools of the desk

-- name: set_labels
SELECT set_labels($1::uuid, $2::text[], $3::text[])

-- name: assign
SELECT assign($1::uuid, $2)

-- name: snooze
SELECT snooze($1::uuid, $2::timestamptz)

-- name: set_bot_mode
SELECT set_bot_mode($1::uuid, $2)

-- name: set_bot_back
SELECT set_bot_back($1::uuid, $2::timestamptz)

-- name: acknowledge
SELECT acknowledge($1::uuid, $2)

-- name: canned_replies
SELECT id::text, hotel, shortcut, text FROM canned_replies
WHERE $1::text[] IS NULL OR hotel = ANY ($1::text[])
ORDER BY hotel COLLATE "C", shortcut_key COLLATE "C"

-- a reply keeps its hotel: one of another hotel's is not there for the caller
-- name: save_canned
INSERT INTO canned_replies (id, hotel, shortcut, shortcut_key, text) VALUES ($1::uuid, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE
SET shortcut = excluded.shortcut, shortcut_key = excluded.shortcut_key, text = excluded.text
WHERE canned_replies.hotel = excluded.hotel
RETURNING true

-- name: remove_canned
DELETE FROM canned_replies WHERE id = $1::uuid RETURNING true


-- timers

-- name: due_timers
WITH due AS (
    SELECT timer.kind, c.hotel, c.id AS conversation_id, c.id AS subject, timer.at
    FROM (
        SELECT id, hotel, snoozed_until, bot_back_at, ring_at FROM conversations
        WHERE least(snoozed_until, bot_back_at, ring_at) <= now()
        ORDER BY least(snoozed_until, bot_back_at, ring_at)
        LIMIT $1
    ) AS c
    CROSS JOIN LATERAL (
        VALUES ('wake', c.snoozed_until), ('bot_back', c.bot_back_at), ('ring', c.ring_at)
    ) AS timer (kind, at)
    WHERE timer.at <= now()
    UNION ALL
    (
        SELECT 'send', c.hotel, s.conversation_id, s.id, s.at
        FROM scheduled_messages AS s JOIN conversations AS c ON c.id = s.conversation_id
        WHERE s.at <= now() AND s.ended_at IS NULL ORDER BY s.at LIMIT $1
    )
)
SELECT kind, hotel, conversation_id::text, subject::text FROM due ORDER BY at LIMIT $1

-- name: wake_snoozed
SELECT wake_snoozed($1::uuid)

-- name: bot_back
SELECT bot_back($1::uuid, $2)

-- name: ring
SELECT ring($1::uuid, $2, $3::timestamptz)

-- name: schedule
SELECT schedule_message($1::uuid, $2::uuid, $3, $4, $5::timestamptz, $6)

-- no row: there is no such conversation
-- name: scheduled
SELECT (
    SELECT coalesce(json_agg(scheduled_facts(s) ORDER BY s.at, s.id), '[]')
    FROM scheduled_messages AS s WHERE s.conversation_id = c.id AND s.ended_at IS NULL
)
FROM conversations AS c
WHERE c.id = $1::uuid

-- name: unschedule
SELECT unschedule($1::uuid)

-- name: send_scheduled
SELECT send_scheduled($1::uuid, $2::jsonb)


-- views

-- name: view
SELECT
    (SELECT last FROM event_counter WHERE settled()),
    (
        SELECT json_agg(cf.facts ORDER BY page.number)
        FROM view_page($1, $2, $3::text[], $4, $5::timestamptz, $6::uuid, $7::integer) WITH ORDINALITY
            AS page (id, at, number)
        JOIN conversation_facts AS cf ON cf.id = page.id
    )

-- name: view_counts
SELECT view_counts($1, $2::text[], $3::integer)

-- name: labels
SELECT labels_at($1::text[])


-- reading

-- name: conversation
SELECT facts FROM conversation_facts WHERE id = $1::uuid

-- name: message
SELECT facts FROM message_facts WHERE id = $1::uuid

-- name: conversation_for
SELECT cf.facts
FROM addresses AS a JOIN conversation_facts AS cf ON cf.guest_id = a.guest_id AND cf.channel = a.channel
WHERE a.hotel = $1 AND a.channel = $2 AND a.handle = $3

-- one snapshot: the page is at least as new as the number beside it
-- name: inbox
WITH page AS (
    SELECT * FROM inbox_page($1::text[], $2, $3, $4::timestamptz, $5::uuid, $6::integer)
)
SELECT
    (SELECT last FROM event_counter WHERE settled()),
    (
        SELECT json_agg(cf.facts ORDER BY page.last_at DESC, page.id DESC)
        FROM page JOIN conversation_facts AS cf ON cf.id = page.id
    )

-- name: search
WITH page AS (
    SELECT * FROM inbox_search(
        $1::text[], $2, $3, $4::timestamptz, $5::uuid, $6::integer, to_tsquery('simple', $7), $8, $9
    )
)
SELECT
    (SELECT last FROM event_counter WHERE settled()),
    (
        SELECT json_agg(cf.facts ORDER BY page.last_at DESC, page.id DESC)
        FROM page JOIN conversation_facts AS cf ON cf.id = page.id
    )

-- no row: there is no such conversation
-- name: history
SELECT
    c.hotel,
    (
        SELECT coalesce(json_agg(page.facts ORDER BY page.seq), '[]')
        FROM (
            SELECT seq, facts FROM message_facts
            WHERE conversation_id = c.id AND seq < coalesce($2::integer, 2147483647)
            ORDER BY seq DESC
            LIMIT $3
        ) AS page
    )
FROM conversations AS c
WHERE c.id = $1::uuid

-- numbers appear in order, so the counter as this snapshot sees it is a number to resume from, once it is on the disk
-- name: events_since
WITH page AS MATERIALIZED (
    SELECT number, name, hotel, channel, conversation_id, message_id FROM events
    WHERE number > $1 AND ($2::text[] IS NULL OR hotel = ANY ($2::text[]))
    ORDER BY number
    LIMIT $3
)
SELECT
    (SELECT last FROM event_counter WHERE settled()),
    (
        SELECT json_agg(
            json_build_array(number, name, hotel, channel, conversation_id, message_id) ORDER BY number
        )
        FROM page
    ),
    (
        SELECT json_object_agg(id, facts) FROM message_facts
        WHERE id IN (SELECT message_id FROM page)
    ),
    (
        SELECT json_object_agg(id, facts) FROM conversation_facts
        WHERE id IN (SELECT conversation_id FROM page WHERE message_id IS NULL)
    )

-- name: last_event
SELECT last FROM event_counter WHERE settled()


-- people

-- name: add_user
INSERT INTO users (name, role, hotels, disabled, password_hash, created_at)
VALUES ($1, $2, $3::text[], $4, $5, coalesce($6::timestamptz, clock_timestamp()))

-- name: users
SELECT name, role, hotels, disabled, created_at FROM users ORDER BY lower(name)

-- name: user
SELECT name, role, hotels, disabled, created_at, password_hash FROM users WHERE lower(name) = lower($1)

-- name: change_user
UPDATE users SET role = $2, hotels = $3::text[] WHERE lower(name) = lower($1) RETURNING name

-- name: set_password
WITH changed AS (
    UPDATE users SET password_hash = $2 WHERE lower(name) = lower($1) RETURNING name
), ended AS (
    DELETE FROM sessions WHERE user_name IN (SELECT name FROM changed)
)
SELECT name FROM changed

-- name: set_disabled
WITH changed AS (
    UPDATE users SET disabled = $2 WHERE lower(name) = lower($1) RETURNING name
), ended AS (
    DELETE FROM sessions WHERE $2 AND user_name IN (SELECT name FROM changed)
)
SELECT name FROM changed

-- a sign-in also sweeps up the sessions that have ended
-- name: open_session
WITH ended AS (
    DELETE FROM sessions WHERE ends_at < clock_timestamp()
)
INSERT INTO sessions (token_hash, user_name, ends_at)
SELECT $1, name, $3::timestamptz FROM users WHERE lower(name) = lower($2)
RETURNING user_name

-- name: session
SELECT u.name, u.role, u.hotels, u.disabled, u.created_at
FROM sessions AS s JOIN users AS u ON u.name = s.user_name
WHERE s.token_hash = $1 AND s.ends_at > clock_timestamp() AND NOT u.disabled

-- name: close_session
DELETE FROM sessions WHERE token_hash = $1

-- name: settings
SELECT hotel, key, value FROM settings ORDER BY hotel, key

-- a value of NULL removes its key
-- name: change_settings
WITH given AS (
    SELECT key, value FROM unnest($2::text[], $3::text[]) AS given (key, value) ORDER BY key
), removed AS (
    DELETE FROM settings WHERE hotel = $1 AND key IN (SELECT key FROM given WHERE value IS NULL)
)
INSERT INTO settings (hotel, key, value, changed_by, changed_at)
SELECT $1, key, value::json, $4, clock_timestamp() FROM given WHERE value IS NOT NULL
ON CONFLICT (hotel, key) DO UPDATE
SET value = excluded.value, changed_by = excluded.changed_by, changed_at = excluded.changed_at


-- files

-- name: media_due
SELECT d.message_id::text, d.position, m.channel, m.attachments -> d.position, d.tries
FROM media AS d JOIN messages AS m ON m.id = d.message_id
WHERE d.again_at <= clock_timestamp()
ORDER BY d.again_at
LIMIT $1

-- name: save_media
SELECT save_media($1::uuid, $2::integer, $3::bytea, $4, $5, $6, $7::timestamptz)

-- name: media
SELECT content_type, data, name FROM media WHERE message_id = $1::uuid AND position = $2::integer AND data IS NOT NULL


-- the house itself

-- name: claim_chore
INSERT INTO chores (name, done_at) VALUES ($1, clock_timestamp())
ON CONFLICT (name) DO UPDATE SET done_at = clock_timestamp()
WHERE chores.done_at <= clock_timestamp() - make_interval(secs => $2::float8)
RETURNING true

-- name: watermark
SELECT at FROM watermarks WHERE name = $1

-- name: set_watermark
INSERT INTO watermarks (name, at) VALUES ($1, $2::timestamptz)
ON CONFLICT (name) DO UPDATE SET at = greatest(watermarks.at, excluded.at)

-- in order of their names, so that two processes cannot wait for each other
-- name: add_counts
INSERT INTO counters (name, value)
SELECT name, value FROM unnest($1::text[], $2::float8[]) AS added (name, value) ORDER BY name
ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value

-- name: counts
SELECT name, value FROM counters

-- what is due is what `due` says
-- name: pulse
WITH living AS (SELECT name FROM workers WHERE seen_at > clock_timestamp() - heartbeat_life())
SELECT
    (SELECT min(unanswered_since) FROM conversations WHERE answer_at IS NOT NULL),
    (
        SELECT json_object_agg(status, amount) FROM (
            SELECT m.status, count(*) AS amount FROM outbox AS o JOIN messages AS m ON m.id = o.message_id
            GROUP BY m.status
        ) AS states
    ),
    (SELECT count(*) FROM living),
    least(
        (
            SELECT min(answer_at) FROM conversations
            WHERE answer_at <= clock_timestamp()
              AND (answer_by IS NULL OR answer_by NOT IN (SELECT name FROM living))
        ),
        (
            SELECT min(deliver_at) FROM conversations
            WHERE deliver_at <= clock_timestamp()
              AND (deliver_by IS NULL OR deliver_by NOT IN (SELECT name FROM living))
        )
    ),
    (SELECT count(*) FROM conversations WHERE answer_at IS NOT NULL AND answer_by IN (SELECT name FROM living))
