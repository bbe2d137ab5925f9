-- Every statement of the store, by name. Parameters: :now is the transaction's time, :dead the time at which a worker
-- must have been seen to be alive; times are microseconds. What each is for stands above it.


-- ================================================ schema ================================================

-- The table of applied migrations; it is there before the first of them.
-- name: create_schema_migrations
CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT;

-- name: has_schema_migrations
SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations';

-- name: applied_migrations
SELECT name FROM schema_migrations;

-- name: add_migration
INSERT INTO schema_migrations (name, applied_at) VALUES (:name, :now);

-- name: ping
SELECT 1;


-- ================================================ guests ================================================

-- name: raw_inbound
SELECT message_id FROM raw_inbound WHERE channel = :channel AND provider_id = :provider_id;

-- A webhook that was kept aside before and now has a hotel gets its message.
-- name: add_raw_inbound
INSERT INTO raw_inbound (channel, provider_id, received_at, raw, message_id)
VALUES (:channel, :provider_id, :now, :raw, :message_id)
ON CONFLICT (channel, provider_id) DO UPDATE SET message_id = excluded.message_id, reason = NULL;

-- name: keep_aside
INSERT INTO raw_inbound (channel, provider_id, received_at, raw, reason)
VALUES (:channel, :provider_id, :now, :raw, :reason)
ON CONFLICT DO NOTHING;

-- name: guest_of_address
SELECT guest_id FROM addresses WHERE hotel = :hotel AND channel = :channel AND handle = :handle;

-- name: add_guest
INSERT INTO guests (id, hotel, name, name_key, language, created_at)
VALUES (:id, :hotel, :name, :name_key, :language, :now);

-- name: rename_guest
UPDATE guests
SET name = coalesce(:name, name), name_key = coalesce(:name_key, name_key), language = coalesce(:language, language)
WHERE id = :id;

-- name: add_address
INSERT INTO addresses (hotel, channel, handle, guest_id) VALUES (:hotel, :channel, :handle, :guest_id)
ON CONFLICT DO NOTHING;

-- name: conversation_of_guest
SELECT * FROM conversations WHERE guest_id = :guest_id AND channel = :channel;

-- name: other_conversations
SELECT * FROM shown_conversations WHERE guest_id = :guest_id AND id <> :id ORDER BY last_at DESC, id DESC LIMIT 20;

-- name: set_opt_out
UPDATE guests SET opted_out_at = iif(:out, :now, NULL) WHERE id = :id AND (opted_out_at IS NULL) = :out RETURNING id;

-- name: add_conversation
INSERT INTO conversations (id, hotel, channel, guest_id, handle, handled_by, last_at)
VALUES (:id, :hotel, :channel, :guest_id, :handle, :handled_by, :now)
RETURNING *;

-- A guest's message has come; where the conversation changed hands (:handed), its turn's claim is gone. One that only
-- tells of a wish (:wish) asks for no answer.
-- name: guest_wrote
UPDATE conversations
SET handle = :handle, status = 'open', handled_by = :handled_by, epoch = :epoch, assignee = :assignee,
    unread = unread + 1, last_seq = :seq, last_message_id = :message_id, last_at = :now,
    window_closes_at = :window_closes_at, guest_seq = :seq,
    answered_seq = iif(:wish AND waiting_since IS NULL, :seq, answered_seq),
    waiting_since = iif(:wish, waiting_since, coalesce(waiting_since, :now)),
    burst_since = :burst_since, answer_at = :answer_at, snoozed_until = NULL,
    bot_back_at = iif(:handed, NULL, bot_back_at),
    answer_worker = iif(:handed, NULL, answer_worker), answer_turn = iif(:handed, NULL, answer_turn),
    rethinks = iif(:handed, 0, rethinks), tries = iif(:handed, 0, tries)
WHERE id = :id
RETURNING *;

-- name: raise_alarm
UPDATE conversations
SET urgent_since = :now, urgent_words = :words, urgent_rings_for = :ring_for, urgent_acknowledged_by = NULL,
    ring_at = :ring_at
WHERE id = :id;

-- Who never opted out cannot opt in again.
-- name: set_wish
UPDATE guests SET opted_out_at = iif(:out, coalesce(opted_out_at, :now), NULL)
WHERE id = :id AND (:out OR opted_out_at IS NOT NULL)
RETURNING id;


-- =========================================== erasing guests =============================================

-- A message whose own mark is there is kept out for good; one from a marked address where it was sent before the end.
-- name: is_kept_out
SELECT EXISTS (SELECT 1 FROM tombstone_marks WHERE mark = :own)
    OR :sent_at IS NOT NULL AND EXISTS (
        SELECT 1 FROM tombstone_marks AS k JOIN tombstones AS t ON t.guest_id = k.guest_id
        WHERE k.mark IN (SELECT value FROM json_each(:addresses)) AND t.erased_at >= :sent_at
    ) AS kept_out;

-- name: guest
SELECT * FROM guests WHERE id = :id;

-- name: guest_of_handle
SELECT g.* FROM addresses AS a JOIN guests AS g ON g.id = a.guest_id
WHERE a.hotel = :hotel AND a.channel = :channel AND a.handle = :handle;

-- name: addresses_of_guest
SELECT channel, handle FROM addresses WHERE guest_id = :id ORDER BY channel, handle;

-- name: conversations_of_guest
SELECT * FROM shown_conversations WHERE guest_id = :id ORDER BY id;

-- name: turns_of_conversation
SELECT * FROM turns WHERE conversation_id = :id ORDER BY ended_at, id;

-- name: suggestions_of_conversation
SELECT * FROM suggestions WHERE conversation_id = :id ORDER BY made_at, id;

-- name: scheduled_of_conversation
SELECT * FROM scheduled_messages WHERE conversation_id = :id ORDER BY at, id;

-- name: effects_of_turn
SELECT * FROM tool_effects WHERE turn_id = :id ORDER BY id;

-- name: webhooks_of_guest
SELECT r.* FROM conversations AS c
JOIN messages AS m ON m.conversation_id = c.id JOIN raw_inbound AS r ON r.message_id = m.id
WHERE c.guest_id = :id ORDER BY m.id;

-- name: webhooks_kept_aside
SELECT * FROM raw_inbound WHERE message_id IS NULL;

-- A handle is a value of its own, or follows a prefix and a colon.
-- name: webhooks_aside_of_handle
SELECT * FROM raw_inbound
WHERE message_id IS NULL AND channel = :channel AND (instr(raw, :whole) OR instr(raw, :ending));

-- name: remove_webhook
DELETE FROM raw_inbound WHERE channel = :channel AND provider_id = :provider_id;

-- name: remove_events
DELETE FROM events WHERE conversation_id = :id;

-- Addresses, conversations, messages, files, turns and effects go with the guest.
-- name: remove_guest
DELETE FROM guests WHERE id = :id;

-- The full-text index only notes that a text is gone, until its parts are merged.
-- name: forget_words
INSERT INTO message_search (message_search) VALUES ('optimize');

-- name: add_tombstone
INSERT INTO tombstones (guest_id, hotel, erased_at, erased_by) VALUES (:guest_id, :hotel, :erased_at, :by)
ON CONFLICT DO NOTHING;

-- name: add_marks
INSERT OR IGNORE INTO tombstone_marks (mark, guest_id) SELECT value, :guest_id FROM json_each(:marks);

-- name: tombstones
SELECT t.*, (SELECT json_group_array(k.mark) FROM tombstone_marks AS k WHERE k.guest_id = t.guest_id) AS marks
FROM tombstones AS t WHERE t.guest_id > :after ORDER BY t.guest_id LIMIT :limit;


-- =============================================== messages ===============================================

-- name: add_message
INSERT INTO messages (id, conversation_id, seq, direction, author_kind, author_name, text, attachments, meta,
                      created_at, provider_id, client_id, status, template, due_at)
VALUES (:id, :conversation_id, :seq, :direction, :author_kind, :author_name, :text, :attachments, :meta,
        :now, :provider_id, :client_id, :status, :template, :due_at)
RETURNING *;

-- Messages of ours were added, :seq and :message_id being the last one's.
-- name: conversation_grew
UPDATE conversations
SET last_seq = :seq, last_message_id = :message_id, last_at = :now,
    deliver_at = (SELECT due_at FROM messages
                  WHERE conversation_id = :id AND status IN ('pending', 'sending', 'unknown') ORDER BY seq LIMIT 1)
WHERE id = :id;

-- name: message
SELECT * FROM messages WHERE id = :id;

-- name: messages
SELECT * FROM messages WHERE id IN (SELECT value FROM json_each(:ids));

-- name: messages_of_client
SELECT * FROM messages WHERE conversation_id = :conversation_id AND client_id = :client_id ORDER BY seq;

-- name: set_meta
UPDATE messages SET meta = :meta WHERE id = :id RETURNING *;

-- The language of the guest of a conversation, where nobody knows it yet.
-- name: learn_language
UPDATE guests SET language = :language
WHERE id = (SELECT guest_id FROM conversations WHERE id = :id) AND language IS NULL
RETURNING id;

-- name: set_attachments
UPDATE messages SET attachments = :attachments WHERE id = :id;


-- =============================================== answering ==============================================

-- name: is_silent
SELECT 1 FROM workers WHERE name = :worker AND seen_at <= :dead;

-- name: heartbeat
INSERT INTO workers (name, seen_at) VALUES (:worker, :now) ON CONFLICT (name) DO UPDATE SET seen_at = :now;

-- The worker, and those that have been silent for a day.
-- name: forget_worker
DELETE FROM workers WHERE name = :worker OR seen_at < :now - 86400000000;

-- name: give_back_turns
UPDATE conversations SET answer_worker = NULL, answer_turn = NULL, answer_at = min(answer_at, :now)
WHERE answer_worker = :worker;

-- name: give_back_deliveries
UPDATE conversations SET deliver_worker = NULL, deliver_at = min(deliver_at, :now) WHERE deliver_worker = :worker;

-- name: due_answers
SELECT id FROM conversations
WHERE answer_at <= :now
  AND (answer_worker IS NULL OR answer_worker NOT IN (SELECT name FROM workers WHERE seen_at > :dead))
ORDER BY answer_at, id LIMIT :limit;

-- name: due_deliveries
SELECT id FROM conversations
WHERE deliver_at <= :now
  AND (deliver_worker IS NULL OR deliver_worker NOT IN (SELECT name FROM workers WHERE seen_at > :dead))
ORDER BY deliver_at, id LIMIT :limit;

-- name: claim_turn
UPDATE conversations
SET answer_fence = answer_fence + 1, answer_worker = :worker, answer_turn = :turn, burst_since = NULL
WHERE id = :id AND answer_at <= :now AND handled_by = 'bot'
  AND (answer_worker IS NULL OR answer_worker NOT IN (SELECT name FROM workers WHERE seen_at > :dead))
RETURNING answered_seq, guest_seq, rethinks, tries, answer_fence;

-- The newest messages that the guest or we have said, newest first.
-- name: said
SELECT * FROM messages WHERE conversation_id = :id AND direction <> 'note' ORDER BY seq DESC LIMIT :limit;

-- The guest's messages after :seq.
-- name: guest_said_after
SELECT * FROM messages WHERE conversation_id = :id AND direction = 'in' AND seq > :seq ORDER BY seq;

-- name: first_waiting_after
SELECT created_at FROM messages WHERE conversation_id = :id AND direction = 'in' AND seq > :seq ORDER BY seq LIMIT 1;

-- name: give_back_turn
UPDATE conversations SET answer_worker = NULL, answer_turn = NULL WHERE id = :id AND answer_turn = :turn;

-- name: think_again
UPDATE conversations SET answer_worker = NULL, answer_turn = NULL, rethinks = rethinks + 1 WHERE id = :id;

-- name: release_turn
UPDATE conversations
SET answer_worker = NULL, answer_turn = NULL, answer_at = :again_at, tries = tries + 1
WHERE id = :id AND answer_fence = :fence AND answer_turn = :turn;

-- name: end_turn
UPDATE conversations
SET answer_worker = NULL, answer_turn = NULL, rethinks = 0, tries = 0,
    answered_seq = :answered_seq, waiting_since = :waiting_since, answer_at = :answer_at,
    burst_since = iif(:answer_at IS NULL, NULL, burst_since), handled_by = :handled_by, epoch = :epoch
WHERE id = :id
RETURNING deliver_at;

-- name: add_turn
INSERT INTO turns (id, conversation_id, ending, epoch, last_seq, record, ended_at)
VALUES (:id, :conversation_id, :ending, :epoch, :last_seq, :record, :now);

-- name: add_suggestion
INSERT INTO suggestions (id, conversation_id, turn_id, seq, text, sources, made_at)
VALUES (:id, :conversation_id, :turn_id, :seq, :text, :sources, :now);

-- name: set_suggestion
UPDATE conversations SET suggestion_id = :suggestion_id WHERE id = :id;

-- name: turn
SELECT * FROM turns WHERE id = :id;

-- name: add_effect
INSERT INTO tool_effects (id, turn_id, conversation_id, tool, what, data, needs_approval, created_at)
VALUES (:id, :turn_id, :conversation_id, :tool, :what, :data, :needs_approval, :now);


-- ============================================== delivering ==============================================

-- name: claim_delivery
UPDATE conversations
SET deliver_fence = deliver_fence + 1, deliver_worker = :worker
WHERE id = :id AND deliver_at <= :now
  AND (deliver_worker IS NULL OR deliver_worker NOT IN (SELECT name FROM workers WHERE seen_at > :dead))
RETURNING hotel, channel, handle, window_closes_at, deliver_fence,
    (SELECT opted_out_at IS NOT NULL FROM guests WHERE id = guest_id) AS opted_out;

-- name: first_leaving
SELECT * FROM messages
WHERE conversation_id = :id AND status IN ('pending', 'sending', 'unknown') ORDER BY seq LIMIT 1;

-- name: mark_sending
UPDATE messages SET status = 'sending', attempt = attempt + 1, sending_since = :now WHERE id = :id RETURNING *;

-- name: set_delivery
UPDATE messages
SET status = :status, error_code = :error_code, error_text = :error_text, provider_id = :provider_id,
    due_at = :due_at, absences = :absences
WHERE id = :id
RETURNING *;

-- name: give_back_delivery
UPDATE conversations SET deliver_worker = NULL WHERE id = :id;

-- When the first message not at rest is due, NULL where there is none.
-- name: set_deliver_at
UPDATE conversations
SET deliver_at = (SELECT due_at FROM messages
                  WHERE conversation_id = :id AND status IN ('pending', 'sending', 'unknown') ORDER BY seq LIMIT 1)
WHERE id = :id
RETURNING deliver_at;

-- name: out_message
SELECT m.* FROM messages AS m JOIN conversations AS c ON c.id = m.conversation_id
WHERE m.id = :id AND m.direction = 'out' AND c.channel = :channel;

-- name: out_message_of_provider
SELECT m.* FROM messages AS m JOIN conversations AS c ON c.id = m.conversation_id
WHERE m.provider_id = :provider_id AND m.direction = 'out' AND c.channel = :channel
UNION ALL
SELECT m.* FROM retired_provider_ids AS r JOIN messages AS m ON m.id = r.message_id
JOIN conversations AS c ON c.id = m.conversation_id
WHERE r.provider_id = :provider_id AND c.channel = :channel
LIMIT 1;

-- name: is_retired
SELECT 1 FROM retired_provider_ids WHERE message_id = :id AND provider_id = :provider_id;

-- name: retire_provider_id
INSERT OR IGNORE INTO retired_provider_ids (provider_id, message_id)
SELECT provider_id, id FROM messages WHERE id = :id AND provider_id IS NOT NULL;

-- name: unretire_provider_id
DELETE FROM retired_provider_ids WHERE message_id = :id AND provider_id = :provider_id;

-- name: send_anew
UPDATE messages
SET status = 'pending', error_code = NULL, error_text = NULL, provider_id = NULL, due_at = :now, absences = 0,
    recalled = 0
WHERE id = :id
RETURNING *;

-- name: mark_sent
UPDATE messages SET status = 'sent', error_code = NULL, error_text = NULL WHERE id = :id RETURNING *;


-- ================================================ staff =================================================

-- name: cancel_bot
UPDATE messages SET status = 'cancelled'
WHERE conversation_id = :id AND status = 'pending' AND author_kind <> 'staff'
RETURNING *;

-- What the bot has begun to send may end, but no new attempt may begin.
-- name: recall_bot
UPDATE messages SET recalled = 1
WHERE conversation_id = :id AND status IN ('sending', 'unknown') AND author_kind <> 'staff';

-- Where staff had it already, the bot has it back when it was to.
-- name: take_over
UPDATE conversations
SET epoch = epoch + (handled_by = 'bot'), handled_by = 'staff', status = 'open',
    assignee = iif(status = 'resolved', :user, coalesce(assignee, :user)),
    snoozed_until = NULL, bot_back_at = iif(handled_by = 'staff' AND status = 'open', bot_back_at, NULL),
    burst_since = NULL, answer_at = NULL, answer_worker = NULL, answer_turn = NULL, rethinks = 0, tries = 0
WHERE id = :id;

-- name: set_assignee
UPDATE conversations SET assignee = :assignee WHERE id = :id;

-- name: guest_is_answered
UPDATE conversations SET answered_seq = guest_seq, waiting_since = NULL WHERE id = :id;

-- name: return_to_bot
UPDATE conversations
SET epoch = epoch + (handled_by = 'staff'), handled_by = 'bot', assignee = NULL,
    status = iif(status = 'snoozed', 'open', status), snoozed_until = NULL, bot_back_at = NULL,
    answer_at = iif(guest_seq > answered_seq, :now, NULL),
    answer_worker = NULL, answer_turn = NULL, rethinks = 0, tries = 0
WHERE id = :id;

-- name: resolve
UPDATE conversations
SET status = 'resolved', epoch = epoch + 1, answered_seq = guest_seq, waiting_since = NULL,
    snoozed_until = NULL, bot_back_at = NULL, ring_at = NULL,
    urgent_since = NULL, urgent_words = NULL, urgent_rings_for = NULL, urgent_acknowledged_by = NULL,
    burst_since = NULL, answer_at = NULL, answer_worker = NULL, answer_turn = NULL, rethinks = 0, tries = 0
WHERE id = :id;

-- name: settle_suggestion
UPDATE suggestions SET outcome = :outcome, final_text = :final_text, settled_by = :by, settled_at = :now
WHERE id = (SELECT suggestion_id FROM conversations WHERE id = :id);

-- name: forget_suggestion
UPDATE conversations SET suggestion_id = NULL WHERE id = :id;

-- name: suggestion
SELECT id FROM suggestions WHERE id = :id AND conversation_id = :conversation_id;

-- A turn that is under way thinks about what is answered now; the bot keeps the conversation.
-- name: drop_turn
UPDATE conversations
SET status = 'open', snoozed_until = NULL, burst_since = NULL, answer_at = NULL, answer_worker = NULL,
    answer_turn = NULL, answer_fence = answer_fence + 1, rethinks = 0, tries = 0
WHERE id = :id;

-- name: mark_read
UPDATE conversations SET unread = 0 WHERE id = :id AND unread > 0 RETURNING id;


-- =========================================== the tools of the desk ======================================

-- name: set_labels
UPDATE conversations SET labels = :labels WHERE id = :id;

-- name: remove_labels
DELETE FROM conversation_labels WHERE conversation_id = :id;

-- name: add_label
INSERT INTO conversation_labels (conversation_id, hotel, label, label_key) VALUES (:id, :hotel, :label, :key);

-- name: snooze
UPDATE conversations
SET status = 'snoozed', snoozed_until = :until, burst_since = NULL, answer_at = NULL, answer_worker = NULL,
    answer_turn = NULL, rethinks = 0, tries = 0
WHERE id = :id;

-- A bot that may answer again answers what nobody has.
-- name: set_bot_mode
UPDATE conversations
SET bot_mode = :mode,
    answer_at = iif(handled_by = 'bot' AND status = 'open' AND waiting_since IS NOT NULL AND suggestion_id IS NULL,
                    coalesce(answer_at, :now), answer_at)
WHERE id = :id;

-- A bot that is off has nothing.
-- name: switch_bot_off
UPDATE conversations
SET bot_mode = 'off', handled_by = 'staff', epoch = epoch + 1, burst_since = NULL, answer_at = NULL,
    answer_worker = NULL, answer_turn = NULL, rethinks = 0, tries = 0
WHERE id = :id;

-- name: set_bot_back
UPDATE conversations SET bot_back_at = :at WHERE id = :id;

-- name: acknowledge
UPDATE conversations
SET urgent_acknowledged_by = :user, urgent_rings_for = NULL, ring_at = NULL,
    assignee = iif(handled_by = 'staff', coalesce(assignee, :user), NULL)
WHERE id = :id AND urgent_since IS NOT NULL AND urgent_acknowledged_by IS NULL
RETURNING id;

-- name: canned_replies
SELECT id, hotel, shortcut, text FROM canned_replies
WHERE :hotels IS NULL OR hotel IN (SELECT value FROM json_each(:hotels)) ORDER BY hotel, shortcut_key;

-- name: canned_reply_of_shortcut
SELECT id FROM canned_replies WHERE hotel = :hotel AND shortcut_key = :key;

-- A reply keeps its hotel: one of another hotel's is not there for the caller.
-- name: save_canned
INSERT INTO canned_replies (id, hotel, shortcut, shortcut_key, text) VALUES (:id, :hotel, :shortcut, :key, :text)
ON CONFLICT (id) DO UPDATE SET shortcut = :shortcut, shortcut_key = :key, text = :text WHERE hotel = :hotel
RETURNING id;

-- name: remove_canned
DELETE FROM canned_replies WHERE id = :id RETURNING id;


-- ================================================ timers ================================================

-- name: due_timers
SELECT * FROM (
    SELECT * FROM (SELECT 'wake' AS kind, hotel, id AS conversation_id, id AS subject, snoozed_until AS at
                   FROM conversations WHERE snoozed_until <= :now ORDER BY snoozed_until LIMIT :limit)
    UNION ALL
    SELECT * FROM (SELECT 'bot_back', hotel, id, id, bot_back_at
                   FROM conversations WHERE bot_back_at <= :now ORDER BY bot_back_at LIMIT :limit)
    UNION ALL
    SELECT * FROM (SELECT 'ring', hotel, id, id, ring_at
                   FROM conversations WHERE ring_at <= :now ORDER BY ring_at LIMIT :limit)
    UNION ALL
    SELECT * FROM (SELECT 'send', c.hotel, s.conversation_id, s.id, s.at
                   FROM scheduled_messages AS s JOIN conversations AS c ON c.id = s.conversation_id
                   WHERE s.at <= :now AND s.ended_at IS NULL ORDER BY s.at LIMIT :limit)
)
ORDER BY at LIMIT :limit;

-- name: wake_snoozed
UPDATE conversations
SET status = 'open', snoozed_until = NULL, unread = max(unread, 1),
    answer_at = iif(handled_by = 'bot' AND waiting_since IS NOT NULL AND suggestion_id IS NULL, :now, NULL)
WHERE id = :id AND snoozed_until <= :now
RETURNING id;

-- name: ring
UPDATE conversations SET urgent_rings_for = :person, ring_at = :again_at WHERE id = :id AND ring_at <= :now
RETURNING id;

-- name: add_scheduled
INSERT INTO scheduled_messages (id, conversation_id, user_name, text, at, created_at, seen_seq, client_id)
VALUES (:id, :conversation_id, :user, :text, :at, :now, :seen_seq, :client_id)
RETURNING *;

-- name: scheduled_of_client
SELECT * FROM scheduled_messages WHERE conversation_id = :conversation_id AND client_id = :client_id;

-- name: scheduled
SELECT * FROM scheduled_messages WHERE conversation_id = :id AND ended_at IS NULL ORDER BY at, id;

-- name: end_scheduled
UPDATE scheduled_messages SET ended_at = :now WHERE id = :id AND ended_at IS NULL AND (NOT :due OR at <= :now)
RETURNING *;

-- name: keep_scheduled_at
UPDATE conversations
SET scheduled_at = (SELECT min(at) FROM scheduled_messages WHERE conversation_id = :id AND ended_at IS NULL)
WHERE id = :id;

-- The guest has been answered up to :seq.
-- name: guest_is_answered_up_to
UPDATE conversations
SET answered_seq = :seq, waiting_since = (SELECT created_at FROM messages
                                          WHERE conversation_id = :id AND direction = 'in' AND seq > :seq
                                          ORDER BY seq LIMIT 1)
WHERE id = :id;


-- ================================================ views =================================================

-- The hotels that have conversations: one look at an index for each.
-- name: hotels
WITH RECURSIVE found (hotel) AS (
    SELECT min(hotel) FROM conversations
    UNION ALL
    SELECT (SELECT min(c.hotel) FROM conversations AS c WHERE c.hotel > found.hotel)
    FROM found WHERE found.hotel IS NOT NULL
)
SELECT hotel FROM found WHERE hotel IS NOT NULL;

-- A page of a view at one hotel, behind a position (:at, :id); :label is one that they must have, or NULL.
-- name: view_drawer
SELECT * FROM shown_conversations
WHERE hotel = :hotel AND drawer = :drawer AND (last_at, id) < (:at, :id)
  AND (:label IS NULL OR :label IN (SELECT value FROM json_each(labels)))
ORDER BY last_at DESC, id DESC LIMIT :limit;

-- name: view_all
SELECT * FROM shown_conversations
WHERE hotel = :hotel AND status <> 'resolved' AND (last_at, id) < (:at, :id)
  AND (:label IS NULL OR :label IN (SELECT value FROM json_each(labels)))
ORDER BY last_at DESC, id DESC LIMIT :limit;

-- name: view_urgent
SELECT * FROM shown_conversations
WHERE hotel = :hotel AND status = 'open' AND urgent_since IS NOT NULL AND (last_at, id) < (:at, :id)
  AND (:label IS NULL OR :label IN (SELECT value FROM json_each(labels)))
ORDER BY last_at DESC, id DESC LIMIT :limit;

-- name: view_waiting
SELECT * FROM shown_conversations
WHERE hotel = :hotel AND status = 'open' AND waiting_since IS NOT NULL AND (waiting_since, id) > (:at, :id)
  AND (:label IS NULL OR :label IN (SELECT value FROM json_each(labels)))
ORDER BY waiting_since, id LIMIT :limit;

-- name: count_drawer
SELECT count(*) AS number FROM (
    SELECT 1 FROM conversations WHERE hotel = :hotel AND drawer = :drawer LIMIT :limit
);

-- name: count_urgent
SELECT count(*) AS number FROM (
    SELECT 1 FROM conversations WHERE hotel = :hotel AND status = 'open' AND urgent_since IS NOT NULL LIMIT :limit
);

-- name: count_waiting
SELECT count(*) AS number FROM (
    SELECT 1 FROM conversations WHERE hotel = :hotel AND status = 'open' AND waiting_since IS NOT NULL LIMIT :limit
);

-- The labels at one hotel: one look at an index for each.
-- name: labels
WITH RECURSIVE found (label) AS (
    SELECT min(label) FROM conversation_labels WHERE hotel = :hotel
    UNION ALL
    SELECT (SELECT min(l.label) FROM conversation_labels AS l WHERE l.hotel = :hotel AND l.label > found.label)
    FROM found WHERE found.label IS NOT NULL
)
SELECT label FROM found WHERE label IS NOT NULL;


-- =============================================== reading ================================================

-- The bare row, for verbs that change it.
-- name: conversation
SELECT * FROM conversations WHERE id = :id;

-- name: shown_conversation
SELECT * FROM shown_conversations WHERE id = :id;

-- name: shown_conversations
SELECT * FROM shown_conversations WHERE id IN (SELECT value FROM json_each(:ids));

-- name: conversation_of_handle
SELECT s.* FROM addresses AS a JOIN shown_conversations AS s ON s.guest_id = a.guest_id AND s.channel = a.channel
WHERE a.hotel = :hotel AND a.channel = :channel AND a.handle = :handle;

-- name: inbox
SELECT * FROM shown_conversations
WHERE (:hotels IS NULL OR hotel IN (SELECT value FROM json_each(:hotels)))
  AND (:status IS NULL OR status = :status)
  AND (:handled_by IS NULL OR handled_by = :handled_by)
  AND (:last_at IS NULL OR (last_at, id) < (:last_at, :id))
ORDER BY last_at DESC, id DESC LIMIT :limit;

-- :words is the text in the full-text index's own language, :like a pattern for names and handles, :label_key a whole
-- label without regard to case.
-- name: inbox_search
SELECT * FROM shown_conversations
WHERE (:hotels IS NULL OR hotel IN (SELECT value FROM json_each(:hotels)))
  AND (:status IS NULL OR status = :status)
  AND (:handled_by IS NULL OR handled_by = :handled_by)
  AND (:last_at IS NULL OR (last_at, id) < (:last_at, :id))
  AND (
    id IN (SELECT m.conversation_id FROM message_search AS f JOIN messages AS m ON m.n = f.rowid
           WHERE message_search MATCH :words)
    OR guest_id IN (SELECT id FROM guests WHERE name_key LIKE :like ESCAPE '\')
    OR guest_id IN (SELECT guest_id FROM addresses WHERE handle LIKE :like ESCAPE '\')
    OR id IN (SELECT conversation_id FROM conversation_labels WHERE label_key = :label_key)
  )
ORDER BY last_at DESC, id DESC LIMIT :limit;

-- name: history
SELECT * FROM messages WHERE conversation_id = :id AND seq < :before ORDER BY seq DESC LIMIT :limit;

-- name: add_event
INSERT INTO events (name, hotel, channel, conversation_id, message_id, created_at)
VALUES (:name, :hotel, :channel, :conversation_id, :message_id, :now);

-- name: last_event
SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0) AS number;

-- name: events_since
SELECT * FROM events WHERE number > :number ORDER BY number LIMIT :limit;

-- name: events_of_hotels_since
SELECT * FROM events
WHERE number > :number AND hotel IN (SELECT value FROM json_each(:hotels)) ORDER BY number LIMIT :limit;


-- =========================================== people and settings ========================================

-- name: add_user
INSERT INTO users (name_key, name, role, hotels, password_hash, disabled, created_at)
VALUES (:key, :name, :role, :hotels, :password_hash, :disabled, :created_at)
ON CONFLICT DO NOTHING RETURNING name;

-- name: users
SELECT * FROM users ORDER BY name_key;

-- name: user
SELECT * FROM users WHERE name_key = :key;

-- name: change_user
UPDATE users SET role = :role, hotels = :hotels WHERE name_key = :key RETURNING name;

-- name: set_password
UPDATE users SET password_hash = :password_hash WHERE name_key = :key RETURNING name;

-- name: set_disabled
UPDATE users SET disabled = :disabled WHERE name_key = :key RETURNING name;

-- name: open_session
INSERT INTO sessions (token_hash, user_key, created_at, ends_at) VALUES (:token_hash, :key, :now, :ends_at);

-- name: session
SELECT u.* FROM sessions AS s JOIN users AS u ON u.name_key = s.user_key
WHERE s.token_hash = :token_hash AND s.ends_at > :now AND NOT u.disabled;

-- name: close_session
DELETE FROM sessions WHERE token_hash = :token_hash;

-- name: close_sessions_of
DELETE FROM sessions WHERE user_key = :key;

-- name: forget_ended_sessions
DELETE FROM sessions WHERE ends_at <= :now;

-- name: settings
SELECT hotel, key, value FROM settings ORDER BY hotel, key;

-- name: set_setting
INSERT INTO settings (hotel, key, value, changed_by, changed_at) VALUES (:hotel, :key, :value, :user, :now)
ON CONFLICT (hotel, key) DO UPDATE SET value = excluded.value, changed_by = excluded.changed_by, changed_at = :now;

-- name: remove_setting
DELETE FROM settings WHERE hotel = :hotel AND key = :key;

-- name: add_audit
INSERT OR IGNORE INTO audit (id, at, user_name, action, hotel, conversation_id, detail)
VALUES (:id, :at, :user, :action, :hotel, :conversation_id, :detail);

-- name: audit
SELECT * FROM audit WHERE id < :before ORDER BY id DESC LIMIT :limit;

-- name: audit_of_hotel
SELECT * FROM audit WHERE hotel = :hotel AND id < :before ORDER BY id DESC LIMIT :limit;

-- name: audit_of_user
SELECT * FROM audit
WHERE user_name = :user AND id < :before
  AND (:hotels IS NULL OR hotel IN (SELECT value FROM json_each(:hotels)))
ORDER BY id DESC LIMIT :limit;


-- =============================================== figures ================================================

-- The classes of waiting times are paths into their lists, or NULL.
-- name: add_figures
UPDATE figures
SET guest_messages = guest_messages + :guest_messages, bot_messages = bot_messages + :bot_messages,
    staff_messages = staff_messages + :staff_messages, failed = failed + :failed,
    hand_overs = hand_overs + :hand_overs, turns = turns + :turns, cost_usd = cost_usd + :cost_usd,
    waits_by_bot = iif(:bot_waited IS NULL, waits_by_bot,
                       json_set(waits_by_bot, :bot_waited, json_extract(waits_by_bot, :bot_waited) + 1)),
    waits_by_staff = iif(:staff_waited IS NULL, waits_by_staff,
                         json_set(waits_by_staff, :staff_waited, json_extract(waits_by_staff, :staff_waited) + 1)),
    resolved = resolved + :resolved, solve_seconds = solve_seconds + :solve_seconds
WHERE at = :at AND hotel = :hotel
RETURNING at;

-- name: begin_figures
INSERT INTO figures (at, hotel) VALUES (:at, :hotel);

-- name: figures
SELECT * FROM figures
WHERE at >= :since AND at < :until AND (:hotels IS NULL OR hotel IN (SELECT value FROM json_each(:hotels)))
ORDER BY at, hotel;

-- What was first said, by the guest or by us, after :seq.
-- name: first_said_after
SELECT created_at FROM messages
WHERE conversation_id = :id AND seq > :seq AND direction <> 'note' ORDER BY seq LIMIT 1;

-- name: set_resolved
UPDATE conversations SET resolved_seq = last_seq WHERE id = :id;


-- ================================================= files ================================================

-- name: add_media
INSERT INTO media (message_id, position, state, try_at) VALUES (:message_id, :position, 'fetching', :now);

-- name: add_file
INSERT INTO media (message_id, position, state, try_at, content_type, name, data)
VALUES (:message_id, :position, 'ready', :now, :content_type, :name, :data);

-- name: fetch_again
INSERT INTO media (message_id, position, state, try_at) VALUES (:message_id, :position, 'fetching', :now)
ON CONFLICT (message_id, position) DO UPDATE SET state = 'fetching', tries = 0, try_at = :now;

-- name: media_due
SELECT f.message_id, f.position, f.tries, c.channel, m.attachments
FROM media AS f JOIN messages AS m ON m.id = f.message_id JOIN conversations AS c ON c.id = m.conversation_id
WHERE f.state = 'fetching' AND f.try_at <= :now ORDER BY f.try_at LIMIT :limit;

-- name: retry_media
UPDATE media SET tries = tries + 1, try_at = :again_at
WHERE message_id = :message_id AND position = :position AND state = 'fetching';

-- name: fail_media
UPDATE media SET state = 'failed', tries = tries + 1
WHERE message_id = :message_id AND position = :position AND state = 'fetching' RETURNING state;

-- name: keep_media
UPDATE media SET state = 'ready', content_type = :content_type, name = :name, data = :data
WHERE message_id = :message_id AND position = :position RETURNING state;

-- name: media
SELECT content_type, name, data FROM media
WHERE message_id = :message_id AND position = :position AND state = 'ready';


-- ============================================ the house itself ==========================================

-- name: claim_chore
INSERT INTO chores (name, begun_at) VALUES (:name, :now)
ON CONFLICT (name) DO UPDATE SET begun_at = :now WHERE begun_at <= :now - :every
RETURNING name;

-- name: watermark
SELECT at FROM watermarks WHERE name = :name;

-- name: set_watermark
INSERT INTO watermarks (name, at) VALUES (:name, :at) ON CONFLICT (name) DO UPDATE SET at = max(at, excluded.at);

-- name: add_count
INSERT INTO counters (name, value) VALUES (:name, :amount)
ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;

-- name: counts
SELECT name, value FROM counters ORDER BY name;

-- name: oldest_unanswered
SELECT min(waiting_since) AS at FROM conversations WHERE answer_at IS NOT NULL;

-- What is due is what `due_answers` and `due_deliveries` say.
-- name: oldest_due
SELECT min(at) AS at FROM (
    SELECT min(answer_at) AS at FROM conversations
    WHERE answer_at <= :now
      AND (answer_worker IS NULL OR answer_worker NOT IN (SELECT name FROM workers WHERE seen_at > :dead))
    UNION ALL
    SELECT min(deliver_at) FROM conversations
    WHERE deliver_at <= :now
      AND (deliver_worker IS NULL OR deliver_worker NOT IN (SELECT name FROM workers WHERE seen_at > :dead))
);

-- name: turns_in_flight
SELECT count(*) AS number FROM conversations
WHERE answer_worker IN (SELECT name FROM workers WHERE seen_at > :dead);

-- name: deliveries_not_at_rest
SELECT status, count(*) AS number FROM messages
WHERE status IN ('pending', 'sending', 'unknown', 'parked') GROUP BY status;

-- name: living_workers
SELECT count(*) AS number FROM workers WHERE seen_at > :dead;
