-- What readers are given: messages and conversations as JSON, and the numbering of events.

-- How far a delivery has come; a provider's report may only raise it. The figures are those of Innbox's messages.
CREATE FUNCTION delivery_rank(p_status text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_status
        WHEN 'pending' THEN 0
        WHEN 'sending' THEN 1 WHEN 'unknown' THEN 1 WHEN 'parked' THEN 1 WHEN 'cancelled' THEN 1
        WHEN 'sent' THEN 2
        WHEN 'failed' THEN 3
        WHEN 'delivered' THEN 4
        WHEN 'read' THEN 5
    END
$$;

-- A worker silent for longer has lost its claims.
CREATE FUNCTION heartbeat_life() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '10 seconds' $$;

CREATE FUNCTION is_alive(p_worker text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT p_worker IS NOT NULL AND EXISTS (
        SELECT FROM workers WHERE name = p_worker AND seen_at > clock_timestamp() - heartbeat_life()
    )
$$;

CREATE VIEW message_facts AS
SELECT
    m.id, m.conversation_id, m.seq, m.direction,
    json_build_object(
        'id', m.id, 'conversation_id', m.conversation_id, 'seq', m.seq, 'direction', m.direction,
        'author_kind', m.author_kind, 'author_name', m.author_name, 'text', m.text, 'created_at', m.created_at,
        'attachments', m.attachments, 'status', m.status, 'error_code', m.error_code, 'error_text', m.error_text,
        'provider_id', m.provider_id, 'meta', m.meta
    ) AS facts
FROM messages AS m;

CREATE VIEW conversation_facts AS
SELECT
    c.id, c.hotel, c.channel, c.guest_id,
    json_build_object(
        'id', c.id, 'hotel', c.hotel, 'channel', c.channel,
        'guest_id', c.guest_id, 'guest_name', g.name, 'handle', c.handle, 'language', g.language,
        'status', c.status, 'handled_by', c.handled_by, 'epoch', c.epoch, 'assignee', c.assignee,
        'unread', c.unread, 'last_at', c.last_at, 'window_closes_at', c.window_closes_at, 'labels', c.labels,
        'last_message', m.facts
    ) AS facts
FROM conversations AS c
JOIN guests AS g ON g.id = c.guest_id
LEFT JOIN message_facts AS m ON m.conversation_id = c.id AND m.seq = c.last_seq;

-- Append a transaction's events and return what it changed, with the first event's number. Must be the last thing that
-- a transaction does, in the same call as its commit: from here on every other writer of events waits.
-- The order of the events: messages updated, messages added (both in the order given), the conversation.
CREATE FUNCTION tell(p_conversation uuid, p_updated uuid[], p_added uuid[], p_whole boolean) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_hotel    text;
    v_channel  text;
    v_facts    json;
    v_updated  json;
    v_added    json;
    v_messages uuid[] := p_updated || p_added;
    v_count    integer := cardinality(p_updated) + cardinality(p_added) + p_whole::integer;
    v_last     bigint;
BEGIN
    SELECT hotel, channel, facts INTO v_hotel, v_channel, v_facts FROM conversation_facts WHERE id = p_conversation;
    IF cardinality(p_updated) > 0 THEN
        SELECT json_agg(facts ORDER BY array_position(p_updated, id)) INTO v_updated
        FROM message_facts WHERE id = ANY (p_updated);
    END IF;
    IF cardinality(p_added) > 0 THEN
        SELECT json_agg(facts ORDER BY array_position(p_added, id)) INTO v_added
        FROM message_facts WHERE id = ANY (p_added);
    END IF;
    IF v_count > 0 THEN
        UPDATE event_counter SET last = last + v_count RETURNING last INTO v_last;
        INSERT INTO events (number, name, hotel, channel, conversation_id, message_id)
        SELECT
            v_last - v_count + i,
            CASE
                WHEN i <= cardinality(p_updated) THEN 'message_update'
                WHEN i <= cardinality(v_messages) THEN 'new_message'
                ELSE 'conversation_update'
            END,
            v_hotel, v_channel, p_conversation, v_messages[i]
        FROM generate_series(1, v_count) AS i;
    END IF;
    RETURN json_build_object(
        'conversation', v_facts, 'updated', v_updated, 'added', v_added, 'whole', p_whole,
        'first_event', v_last - v_count + 1
    );
END
$$;

-- Add messages to a conversation whose row is locked, numbered after `p_last_seq`; return their ids in order. A draft
-- has id, direction, author_kind, author_name, text, attachments and meta. `out` messages begin as `pending`.
CREATE FUNCTION add_messages(
    p_conversation uuid, p_channel text, p_last_seq integer, p_at timestamptz, p_drafts jsonb, p_client_id text
) RETURNS uuid[]
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO messages (
        id, conversation_id, seq, channel, direction, author_kind, author_name, text, attachments, created_at,
        client_id, part, meta, status
    )
    SELECT
        (d ->> 'id')::uuid, p_conversation, p_last_seq + i, p_channel, d ->> 'direction', d ->> 'author_kind',
        d ->> 'author_name', d ->> 'text', nullif(d -> 'attachments', 'null'), p_at, p_client_id, i - 1,
        (d -> 'meta')::json, CASE WHEN d ->> 'direction' = 'out' THEN 'pending' END
    FROM jsonb_array_elements(p_drafts) WITH ORDINALITY AS draft (d, i);
    INSERT INTO outbox (conversation_id, seq, message_id)
    SELECT p_conversation, p_last_seq + i, (d ->> 'id')::uuid
    FROM jsonb_array_elements(p_drafts) WITH ORDINALITY AS draft (d, i)
    WHERE d ->> 'direction' = 'out';
    RETURN ARRAY(
        SELECT (d ->> 'id')::uuid FROM jsonb_array_elements(p_drafts) WITH ORDINALITY AS draft (d, i) ORDER BY i
    );
END
$$;
