-- What was found by driving both stores through the same random steps: the functions as they are from here on.

-- As in 0005; and an error stays where an end has none of its own to show: while the provider is asked again, and where
-- staff's takeover cancels what was to be sent again. An event only where something changed that is shown.
CREATE OR REPLACE FUNCTION settle_delivery(
    p_conversation uuid, p_message uuid, p_fence bigint, p_status text, p_at timestamptz, p_absent boolean,
    p_provider_id text, p_error_code text, p_error_text text
) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c         conversations%ROWTYPE;
    m         messages%ROWTYPE;
    v_changes boolean;
    v_status  text := p_status;
    v_head    uuid;
    v_code    text := p_error_code;
    v_text    text := p_error_text;
    v_news    boolean;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND OR c.deliver_fence <> p_fence OR c.deliver_by IS NULL THEN
        RETURN json_build_object('fenced', true);
    END IF;
    SELECT * INTO m FROM messages WHERE id = p_message;
    IF p_status = 'pending' AND m.stopped THEN
        v_status := 'cancelled';
    END IF;
    IF p_error_code IS NULL AND p_status = 'unknown' OR v_status <> p_status THEN
        v_code := m.error_code;
        v_text := m.error_text;
    END IF;
    v_changes := m.status IN ('sending', 'unknown') OR delivery_rank(v_status) > delivery_rank(m.status);
    v_news := v_changes
        AND (v_status, v_code, v_text) IS DISTINCT FROM (m.status, m.error_code, m.error_text);
    UPDATE messages SET
        status = CASE WHEN v_changes THEN v_status ELSE status END,
        error_code = CASE WHEN v_changes THEN v_code ELSE error_code END,
        error_text = CASE WHEN v_changes THEN v_text ELSE error_text END,
        absences = absences + p_absent::integer,
        provider_id = keep_provider_id(channel, id, provider_id, p_provider_id)
    WHERE id = p_message;

    PERFORM keep_outbox(c.id, m.seq, v_status) WHERE v_changes;
    v_head := head_of_outbox(c.id);
    UPDATE conversations SET
        deliver_by = NULL, deliver_token = NULL,
        deliver_at = CASE
            WHEN v_head IS NULL THEN NULL
            WHEN v_head = p_message THEN coalesce(p_at, clock_timestamp())
            ELSE clock_timestamp()
        END
    WHERE id = c.id
    RETURNING deliver_at INTO c.deliver_at;
    RETURN json_build_object(
        'fenced', false, 'deliver_at', c.deliver_at,
        'changed', tell(c.id, CASE WHEN v_news THEN ARRAY[p_message] ELSE '{}' END, '{}', false)
    );
END
$$;

-- As in 0005; and a report that the provider is still at it settles nothing; only a failure leaves an error.
CREATE OR REPLACE FUNCTION report_status(
    p_channel text, p_message uuid, p_provider_id text, p_status text, p_error_code text, p_error_text text
) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c         conversations%ROWTYPE;
    m         messages%ROWTYPE;
    v_changes boolean;
    v_head    uuid;
    v_next    uuid;
BEGIN
    SELECT * INTO m FROM messages WHERE id = p_message AND channel = p_channel AND direction = 'out';
    IF NOT FOUND THEN
        SELECT known.* INTO m
        FROM provider_ids AS p JOIN messages AS known ON known.id = p.message_id
        WHERE p.channel = p_channel AND p.provider_id = p_provider_id;
    END IF;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT * INTO c FROM conversations WHERE id = m.conversation_id FOR NO KEY UPDATE;
    SELECT * INTO m FROM messages WHERE id = m.id;
    v_changes := delivery_rank(p_status) >= delivery_rank('sent') AND delivery_rank(p_status) > delivery_rank(m.status);
    IF NOT v_changes THEN
        IF m.provider_id IS NULL AND p_provider_id IS NOT NULL THEN
            UPDATE messages SET provider_id = keep_provider_id(channel, id, provider_id, p_provider_id) WHERE id = m.id;
        END IF;
        RETURN tell(c.id, '{}', '{}', false);
    END IF;

    v_head := head_of_outbox(c.id);
    UPDATE messages SET
        status = p_status,
        error_code = CASE WHEN p_status = 'failed' THEN p_error_code END,
        error_text = CASE WHEN p_status = 'failed' THEN p_error_text END,
        provider_id = keep_provider_id(channel, id, provider_id, p_provider_id)
    WHERE id = m.id;
    PERFORM keep_outbox(c.id, m.seq, p_status);
    IF v_head = m.id THEN
        -- what all others waited for has been settled: the next one need not wait any longer
        v_next := head_of_outbox(c.id);
        UPDATE conversations
        SET deliver_at = CASE
            WHEN v_next = m.id THEN deliver_at
            WHEN v_next IS NOT NULL THEN clock_timestamp()
        END
        WHERE id = c.id;
    END IF;
    RETURN tell(c.id, ARRAY[m.id], '{}', false);
END
$$;

-- As in 0006; and who takes a resolved conversation has it, whoever had it before.
CREATE OR REPLACE FUNCTION give_to_staff(p_conversation uuid, p_user text) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE
    v_cancelled uuid[];
    v_first     integer;
    v_head_seq  integer;
BEGIN
    WITH cancelled AS (
        UPDATE messages AS m SET status = 'cancelled'
        FROM outbox AS o
        WHERE o.conversation_id = p_conversation AND m.id = o.message_id
          AND m.author_kind = 'bot' AND m.status = 'pending'
        RETURNING m.id, m.seq
    )
    SELECT coalesce(array_agg(id ORDER BY seq), '{}'), min(seq) INTO v_cancelled, v_first FROM cancelled;
    DELETE FROM outbox WHERE conversation_id = p_conversation AND message_id = ANY (v_cancelled);
    -- one that is on its way may arrive, but is not begun again
    UPDATE messages AS m SET stopped = true
    FROM outbox AS o
    WHERE o.conversation_id = p_conversation AND m.id = o.message_id
      AND m.author_kind = 'bot' AND m.status IN ('sending', 'unknown');
    SELECT min(seq) INTO v_head_seq FROM outbox WHERE conversation_id = p_conversation AND NOT parked;

    UPDATE conversations SET
        handled_by = 'staff',
        epoch = epoch + (handled_by = 'bot')::integer,
        assignee = CASE status WHEN 'resolved' THEN p_user ELSE coalesce(assignee, p_user) END,
        status = 'open',
        answer_at = NULL, burst_since = NULL, rethinks = 0, tries = 0,
        answer_by = NULL, answer_turn = NULL, answer_fence = answer_fence + 1,
        deliver_at = CASE
            WHEN v_head_seq IS NULL THEN NULL
            WHEN v_first < v_head_seq THEN clock_timestamp()
            ELSE deliver_at
        END
    WHERE id = p_conversation;
    RETURN v_cancelled;
END
$$;

-- As in 0006; and a resolved conversation is nobody's.
CREATE OR REPLACE FUNCTION take_over(p_conversation uuid, p_user text) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c conversations%ROWTYPE;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF c.handled_by = 'staff' AND c.status <> 'resolved' AND c.assignee <> p_user THEN
        RETURN json_build_object('taken_by', c.assignee);
    END IF;
    IF c.handled_by = 'staff' AND c.assignee = p_user AND c.status = 'open' THEN
        RETURN tell(c.id, '{}', '{}', false);
    END IF;
    RETURN tell(c.id, give_to_staff(c.id, p_user), '{}', true);
END
$$;

-- As in 0006; and what was counted for a turn of earlier hands is forgotten.
CREATE OR REPLACE FUNCTION return_to_bot(p_conversation uuid) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c conversations%ROWTYPE;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF c.handled_by = 'bot' THEN
        RETURN tell(c.id, '{}', '{}', false);
    END IF;
    UPDATE conversations SET
        handled_by = 'bot', epoch = epoch + 1, assignee = NULL, rethinks = 0, tries = 0,
        answer_by = NULL, answer_turn = NULL, answer_fence = answer_fence + 1,
        answer_at = CASE WHEN last_in_seq > answered_seq THEN clock_timestamp() END
    WHERE id = c.id;
    RETURN tell(c.id, '{}', '{}', true);
END
$$;

-- As in 0004; and a claim is given back too where a report has settled all that there was to deliver. Such a one has no
-- `deliver_at` to be found by, and an index for it would cost every claim; but its conversation was busy just now.
CREATE OR REPLACE FUNCTION retire_worker(p_worker text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM workers WHERE name = p_worker;
    UPDATE conversations SET
        answer_by = NULL, answer_turn = NULL, answer_fence = answer_fence + 1,
        answer_at = least(answer_at, clock_timestamp())
    WHERE answer_at IS NOT NULL AND answer_by = p_worker;
    UPDATE conversations SET
        deliver_by = NULL, deliver_token = NULL, deliver_fence = deliver_fence + 1,
        deliver_at = least(deliver_at, clock_timestamp())
    WHERE deliver_at IS NOT NULL AND deliver_by = p_worker;
    UPDATE conversations SET deliver_by = NULL, deliver_token = NULL, deliver_fence = deliver_fence + 1
    WHERE last_at > clock_timestamp() - interval '1 day' AND deliver_at IS NULL AND deliver_by = p_worker;
END
$$;
