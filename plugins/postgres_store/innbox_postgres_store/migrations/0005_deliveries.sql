-- Delivering: one `out` message of a conversation at a time, in the order of `seq`; a status only ever rises.

-- Return the message that a conversation's deliveries stand at.
CREATE FUNCTION head_of_outbox(p_conversation uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT message_id FROM outbox WHERE conversation_id = p_conversation AND NOT parked ORDER BY seq LIMIT 1
$$;

-- Leave a message in the outbox, or take it out, as its new status says.
CREATE FUNCTION keep_outbox(p_conversation uuid, p_seq integer, p_status text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF p_status = 'parked' THEN
        UPDATE outbox SET parked = true WHERE conversation_id = p_conversation AND seq = p_seq;
    ELSIF p_status NOT IN ('pending', 'sending', 'unknown') THEN
        DELETE FROM outbox WHERE conversation_id = p_conversation AND seq = p_seq;
    END IF;
END
$$;

-- Return the provider's id to keep: the one we have, else the new one, unless another message has it already.
CREATE FUNCTION keep_provider_id(p_channel text, p_message uuid, p_old text, p_new text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    IF p_old IS NOT NULL OR p_new IS NULL THEN
        RETURN p_old;
    END IF;
    INSERT INTO provider_ids (channel, provider_id, message_id) VALUES (p_channel, p_new, p_message)
    ON CONFLICT DO NOTHING;
    RETURN CASE WHEN FOUND THEN p_new END;
END
$$;

-- Claim a conversation's first unfinished `out` message; NULL where none is due or a living worker delivers for it.
CREATE FUNCTION claim_delivery(p_worker text, p_conversation uuid, p_token uuid) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c          conversations%ROWTYPE;
    m          messages%ROWTYPE;
    v_doubtful boolean;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND OR c.deliver_at IS NULL OR c.deliver_at > clock_timestamp() OR is_alive(c.deliver_by) THEN
        RETURN NULL;
    END IF;
    SELECT * INTO m FROM messages WHERE id = head_of_outbox(c.id);
    IF NOT FOUND THEN
        UPDATE conversations SET deliver_at = NULL, deliver_by = NULL WHERE id = c.id;
        RETURN NULL;
    END IF;
    v_doubtful := m.status <> 'pending';
    IF NOT v_doubtful THEN
        UPDATE messages SET
            status = 'sending', attempt = attempt + 1, absences = 0, sending_since = clock_timestamp(),
            sending_token = p_token
        WHERE id = m.id
        RETURNING * INTO m;
    END IF;
    UPDATE conversations SET deliver_fence = deliver_fence + 1, deliver_by = p_worker, deliver_token = p_token
    WHERE id = c.id;
    RETURN json_build_object(
        'fence', c.deliver_fence + 1, 'doubtful', v_doubtful, 'absences', m.absences, 'attempt', m.attempt,
        'sending_since', m.sending_since, 'hotel', c.hotel, 'channel', c.channel, 'handle', c.handle,
        'window_closes_at', c.window_closes_at, 'message', (SELECT facts FROM message_facts WHERE id = m.id)
    );
END
$$;

-- End an attempt. `p_status` pending: send again at `p_at`; unknown: ask at `p_at`; any other: it rests.
CREATE FUNCTION settle_delivery(
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
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND OR c.deliver_fence <> p_fence OR c.deliver_by IS NULL THEN
        RETURN json_build_object('fenced', true);
    END IF;
    SELECT * INTO m FROM messages WHERE id = p_message;
    IF p_status = 'pending' AND m.stopped THEN
        v_status := 'cancelled';
    END IF;
    v_changes := m.status IN ('sending', 'unknown') OR delivery_rank(v_status) > delivery_rank(m.status);
    UPDATE messages SET
        status = CASE WHEN v_changes THEN v_status ELSE status END,
        error_code = CASE WHEN v_changes THEN p_error_code ELSE error_code END,
        error_text = CASE WHEN v_changes THEN p_error_text ELSE error_text END,
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
        'changed', tell(c.id, CASE WHEN v_changes THEN ARRAY[p_message] ELSE '{}' END, '{}', false)
    );
END
$$;

-- Take in a provider's word on an `out` message, found by our id or by the provider's; NULL where there is none.
CREATE FUNCTION report_status(
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
    v_changes := delivery_rank(p_status) > delivery_rank(m.status);
    IF NOT v_changes THEN
        IF m.provider_id IS NULL AND p_provider_id IS NOT NULL THEN
            UPDATE messages SET provider_id = keep_provider_id(channel, id, provider_id, p_provider_id) WHERE id = m.id;
        END IF;
        RETURN tell(c.id, '{}', '{}', false);
    END IF;

    v_head := head_of_outbox(c.id);
    UPDATE messages SET
        status = p_status,
        error_code = p_error_code,
        error_text = p_error_text,
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
