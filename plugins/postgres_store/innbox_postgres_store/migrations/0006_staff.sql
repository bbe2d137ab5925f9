-- What staff do. Each function returns what it changed, or NULL where there is no such conversation.

-- Return what a client_id did the first time, or NULL where it is new. The conversation's row must be locked.
CREATE FUNCTION done_before(p_conversation uuid, p_client_id text) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_messages json;
BEGIN
    IF p_client_id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT json_agg(f.facts ORDER BY f.seq) INTO v_messages
    FROM messages AS m JOIN message_facts AS f ON f.id = m.id
    WHERE m.conversation_id = p_conversation AND m.client_id = p_client_id;
    IF v_messages IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN json_build_object(
        'duplicate', true, 'added', v_messages,
        'conversation', (SELECT facts FROM conversation_facts WHERE id = p_conversation)
    );
END
$$;

-- Put a locked conversation into a member of staff's hands: no turn of the bot goes on, and none of its messages begins
-- to leave. Return the messages cancelled, in order.
CREATE FUNCTION give_to_staff(p_conversation uuid, p_user text) RETURNS uuid[]
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
        assignee = coalesce(assignee, p_user),
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

CREATE FUNCTION staff_message(p_conversation uuid, p_user text, p_drafts jsonb, p_client_id text) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c           conversations%ROWTYPE;
    v_before    json;
    v_now       timestamptz;
    v_cancelled uuid[];
    v_added     uuid[];
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    v_before := done_before(c.id, p_client_id);
    IF v_before IS NOT NULL THEN
        RETURN v_before;
    END IF;
    v_now := clock_timestamp();
    v_cancelled := give_to_staff(c.id, p_user);
    v_added := add_messages(c.id, c.channel, c.last_seq, v_now, p_drafts, p_client_id);
    UPDATE conversations SET
        last_seq = last_seq + cardinality(v_added),
        last_at = v_now,
        answered_seq = last_in_seq,
        unanswered_since = NULL,
        deliver_at = coalesce(deliver_at, v_now)
    WHERE id = c.id;
    RETURN tell(c.id, v_cancelled, v_added, true);
END
$$;

CREATE FUNCTION staff_note(p_conversation uuid, p_drafts jsonb, p_client_id text) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c        conversations%ROWTYPE;
    v_before json;
    v_now    timestamptz;
    v_added  uuid[];
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    v_before := done_before(c.id, p_client_id);
    IF v_before IS NOT NULL THEN
        RETURN v_before;
    END IF;
    v_now := clock_timestamp();
    v_added := add_messages(c.id, c.channel, c.last_seq, v_now, p_drafts, p_client_id);
    UPDATE conversations SET last_seq = last_seq + cardinality(v_added), last_at = v_now WHERE id = c.id;
    RETURN tell(c.id, '{}', v_added, true);
END
$$;

-- `taken_by` in the answer names the colleague who has the conversation already; then nothing is changed.
CREATE FUNCTION take_over(p_conversation uuid, p_user text) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c conversations%ROWTYPE;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF c.handled_by = 'staff' AND c.assignee <> p_user THEN
        RETURN json_build_object('taken_by', c.assignee);
    END IF;
    IF c.handled_by = 'staff' AND c.assignee = p_user AND c.status = 'open' THEN
        RETURN tell(c.id, '{}', '{}', false);
    END IF;
    RETURN tell(c.id, give_to_staff(c.id, p_user), '{}', true);
END
$$;

CREATE FUNCTION return_to_bot(p_conversation uuid) RETURNS json
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
        handled_by = 'bot', epoch = epoch + 1, assignee = NULL,
        answer_by = NULL, answer_turn = NULL, answer_fence = answer_fence + 1,
        answer_at = CASE WHEN last_in_seq > answered_seq THEN clock_timestamp() END
    WHERE id = c.id;
    RETURN tell(c.id, '{}', '{}', true);
END
$$;

-- What the guest wrote before counts as answered: staff have closed the matter.
CREATE FUNCTION resolve(p_conversation uuid) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c conversations%ROWTYPE;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF c.status = 'resolved' THEN
        RETURN tell(c.id, '{}', '{}', false);
    END IF;
    UPDATE conversations SET
        status = 'resolved', epoch = epoch + 1,
        answered_seq = last_in_seq, unanswered_since = NULL,
        answer_at = NULL, burst_since = NULL, rethinks = 0, tries = 0,
        answer_by = NULL, answer_turn = NULL, answer_fence = answer_fence + 1
    WHERE id = c.id;
    RETURN tell(c.id, '{}', '{}', true);
END
$$;

CREATE FUNCTION mark_read(p_conversation uuid) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c conversations%ROWTYPE;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE conversations SET unread = 0 WHERE id = c.id AND unread > 0;
    RETURN tell(c.id, '{}', '{}', c.unread > 0);
END
$$;
