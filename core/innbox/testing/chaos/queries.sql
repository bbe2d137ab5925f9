-- What the harness asks PostgreSQL behind Innbox's back. A line `-- name: x` begins the statement x.

-- conversations that a worker (by its name) still holds, for a turn or for a delivery
-- name: held_by
SELECT count(*) FROM conversations
WHERE (answer_by = %s AND answer_at IS NOT NULL) OR (deliver_by = %s AND deliver_at IS NOT NULL)

-- the texts of all guests' messages that are stored
-- name: stored_texts
SELECT text FROM messages WHERE direction = 'in'

-- what is out, or was meant to be: id, status, text
-- name: outgoing
SELECT id::text, status, text FROM messages WHERE direction = 'out'

-- turns that ended, of all conversations
-- name: turns
SELECT count(*) FROM turns

-- texts of conversations that staff have
-- name: texts_with_staff
SELECT m.text FROM messages AS m JOIN conversations AS c ON c.id = m.conversation_id
WHERE c.handled_by = 'staff' AND m.direction = 'in'

-- what is out, or was meant to be, in one conversation: id, status
-- name: outgoing_of
SELECT id::text, status FROM messages WHERE direction = 'out' AND conversation_id = %s::uuid

-- whose an outgoing message is: id, conversation
-- name: owners
SELECT id::text, conversation_id::text FROM messages WHERE direction = 'out'

-- every message with its status, as a desk shows it: id, status
-- name: statuses
SELECT id::text, status FROM messages

-- who has each conversation: id, handled_by
-- name: hands
SELECT id::text, handled_by FROM conversations
