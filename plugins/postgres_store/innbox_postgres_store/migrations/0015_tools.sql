-- The tools of the desk, and what time brings. Each function returns what it changed, or NULL where there is no such
-- conversation; those that time calls return NULL where nothing is due.

-- `p_keys` are the labels without regard to case.
CREATE FUNCTION set_labels(p_conversation uuid, p_labels text[], p_keys text[]) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c conversations%ROWTYPE;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF c.labels = p_labels THEN
        RETURN tell(c.id, '{}', '{}', false);
    END IF;
    DELETE FROM conversation_labels WHERE conversation_id = c.id AND label <> ALL (p_labels);
    INSERT INTO conversation_labels (conversation_id, hotel, label, label_key)
    SELECT c.id, c.hotel, given.label, given.label_key FROM unnest(p_labels, p_keys) AS given (label, label_key)
    ON CONFLICT DO NOTHING;
    UPDATE conversations SET labels = p_labels WHERE id = c.id;
    RETURN tell(c.id, '{}', '{}', true);
END
$$;

-- Give a conversation to a member of staff or, with NULL, to staff as a whole.
CREATE FUNCTION assign(p_conversation uuid, p_assignee text) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c           conversations%ROWTYPE;
    v_cancelled uuid[];
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF c.handled_by = 'staff' AND c.status = 'open' AND c.assignee IS NOT DISTINCT FROM p_assignee THEN
        RETURN tell(c.id, '{}', '{}', false);
    END IF;
    v_cancelled := give_to_staff(c.id, p_assignee);
    UPDATE conversations SET assignee = p_assignee, bot_back_at = NULL WHERE id = c.id;
    RETURN tell(c.id, v_cancelled, '{}', true);
END
$$;

-- `refused` in the answer: it is resolved, and nothing is changed.
CREATE FUNCTION snooze(p_conversation uuid, p_until timestamptz) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c conversations%ROWTYPE;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF c.status = 'resolved' THEN
        RETURN json_build_object('refused', true);
    END IF;
    IF c.snoozed_until = p_until THEN
        RETURN tell(c.id, '{}', '{}', false);
    END IF;
    UPDATE conversations SET
        status = 'snoozed', snoozed_until = p_until,
        answer_at = NULL, burst_since = NULL, rethinks = 0, tries = 0,
        answer_by = NULL, answer_turn = NULL, answer_fence = answer_fence + 1
    WHERE id = c.id;
    RETURN tell(c.id, '{}', '{}', true);
END
$$;

-- A bot that is off has nothing; one that may answer again answers what nobody has.
CREATE FUNCTION set_bot_mode(p_conversation uuid, p_mode text) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c     conversations%ROWTYPE;
    v_off boolean;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF c.bot_mode IS NOT DISTINCT FROM p_mode THEN
        RETURN tell(c.id, '{}', '{}', false);
    END IF;
    IF p_mode IS DISTINCT FROM 'draft' THEN
        PERFORM settle_suggestion(c.id, 'ended', NULL, NULL) WHERE c.suggestion_id IS NOT NULL;
    END IF;
    v_off := p_mode IS NOT DISTINCT FROM 'off' AND c.handled_by = 'bot' AND c.status <> 'resolved';
    UPDATE conversations SET
        bot_mode = p_mode,
        handled_by = CASE WHEN v_off THEN 'staff' ELSE handled_by END,
        epoch = epoch + v_off::integer,
        answer_by = CASE WHEN NOT v_off THEN answer_by END,
        answer_turn = CASE WHEN NOT v_off THEN answer_turn END,
        answer_fence = answer_fence + v_off::integer,
        rethinks = CASE WHEN v_off THEN 0 ELSE rethinks END,
        tries = CASE WHEN v_off THEN 0 ELSE tries END,
        burst_since = CASE WHEN NOT v_off THEN burst_since END,
        answer_at = CASE
            WHEN v_off THEN NULL
            WHEN handled_by = 'bot' AND status = 'open' AND unanswered_since IS NOT NULL AND suggestion_id IS NULL
                THEN coalesce(answer_at, clock_timestamp())
            ELSE answer_at
        END
    WHERE id = c.id;
    RETURN tell(c.id, '{}', '{}', true);
END
$$;

-- `refused` in the answer: staff do not have it, and nothing is changed.
CREATE FUNCTION set_bot_back(p_conversation uuid, p_at timestamptz) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c conversations%ROWTYPE;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF p_at IS NOT NULL AND (c.handled_by = 'bot' OR c.status = 'resolved') THEN
        RETURN json_build_object('refused', true);
    END IF;
    IF c.bot_back_at IS NOT DISTINCT FROM p_at THEN
        RETURN tell(c.id, '{}', '{}', false);
    END IF;
    UPDATE conversations SET bot_back_at = p_at WHERE id = c.id;
    RETURN tell(c.id, '{}', '{}', true);
END
$$;

CREATE FUNCTION acknowledge(p_conversation uuid, p_user text) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c conversations%ROWTYPE;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF c.urgent_since IS NULL OR c.urgent_acknowledged_by IS NOT NULL THEN
        RETURN tell(c.id, '{}', '{}', false);
    END IF;
    UPDATE conversations SET
        urgent_acknowledged_by = p_user, urgent_rings_for = NULL, ring_at = NULL,
        assignee = CASE handled_by WHEN 'staff' THEN coalesce(assignee, p_user) END
    WHERE id = c.id;
    RETURN tell(c.id, '{}', '{}', true);
END
$$;

-- Timers

CREATE FUNCTION wake_snoozed(p_conversation uuid) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c conversations%ROWTYPE;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND OR c.snoozed_until IS NULL OR c.snoozed_until > clock_timestamp() THEN
        RETURN NULL;
    END IF;
    UPDATE conversations SET
        status = 'open', snoozed_until = NULL, unread = greatest(unread, 1),
        answer_at = CASE
            WHEN handled_by = 'bot' AND unanswered_since IS NOT NULL AND suggestion_id IS NULL THEN clock_timestamp()
        END
    WHERE id = c.id;
    RETURN tell(c.id, '{}', '{}', true);
END
$$;

CREATE FUNCTION bot_back(p_conversation uuid, p_bot_on boolean) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c conversations%ROWTYPE;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND OR c.bot_back_at IS NULL OR c.bot_back_at > clock_timestamp() THEN
        RETURN NULL;
    END IF;
    IF coalesce(c.bot_mode <> 'off', p_bot_on) THEN
        RETURN return_to_bot(c.id);
    END IF;
    UPDATE conversations SET bot_back_at = NULL WHERE id = c.id;
    RETURN tell(c.id, '{}', '{}', true);
END
$$;

CREATE FUNCTION ring(p_conversation uuid, p_person text, p_again_at timestamptz) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c conversations%ROWTYPE;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND OR c.ring_at IS NULL OR c.ring_at > clock_timestamp() THEN
        RETURN NULL;
    END IF;
    UPDATE conversations SET urgent_rings_for = p_person, ring_at = p_again_at WHERE id = c.id;
    RETURN tell(c.id, '{}', '{}', true);
END
$$;

-- Scheduled messages

CREATE FUNCTION scheduled_facts(s scheduled_messages) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', s.id, 'conversation_id', s.conversation_id, 'user', s.user_name, 'text', s.text, 'at', s.at,
        'created_at', s.created_at
    )
$$;

-- Note in a locked conversation when the next of its scheduled messages leaves.
CREATE FUNCTION keep_scheduled_at(p_conversation uuid) RETURNS void LANGUAGE sql AS $$
    UPDATE conversations SET scheduled_at = (
        SELECT min(at) FROM scheduled_messages WHERE conversation_id = p_conversation AND ended_at IS NULL
    )
    WHERE id = p_conversation
$$;

CREATE FUNCTION schedule_message(
    p_conversation uuid, p_id uuid, p_user text, p_text text, p_at timestamptz, p_client_id text
) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c conversations%ROWTYPE;
    s scheduled_messages%ROWTYPE;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT * INTO s FROM scheduled_messages WHERE conversation_id = c.id AND client_id = p_client_id;
    IF FOUND THEN
        RETURN json_build_object('scheduled', scheduled_facts(s), 'changed', json_build_object(
            'duplicate', true, 'added', NULL,
            'conversation', (SELECT facts FROM conversation_facts WHERE id = c.id)
        ));
    END IF;
    INSERT INTO scheduled_messages (id, conversation_id, user_name, text, at, created_at, seen_seq, client_id)
    VALUES (p_id, c.id, p_user, p_text, p_at, clock_timestamp(), c.last_in_seq, p_client_id)
    RETURNING * INTO s;
    PERFORM keep_scheduled_at(c.id);
    RETURN json_build_object('scheduled', scheduled_facts(s), 'changed', tell(c.id, '{}', '{}', true));
END
$$;

-- Return a scheduled message that has not ended yet, its conversation locked.
CREATE FUNCTION lock_scheduled(p_id uuid) RETURNS SETOF scheduled_messages
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM conversations
    WHERE id = (SELECT conversation_id FROM scheduled_messages WHERE id = p_id) FOR NO KEY UPDATE;
    RETURN QUERY SELECT * FROM scheduled_messages WHERE id = p_id AND ended_at IS NULL;
END
$$;

CREATE FUNCTION unschedule(p_id uuid) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    s scheduled_messages%ROWTYPE;
BEGIN
    SELECT * INTO s FROM lock_scheduled(p_id);
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE scheduled_messages SET ended_at = clock_timestamp() WHERE id = s.id;
    PERFORM keep_scheduled_at(s.conversation_id);
    RETURN tell(s.conversation_id, '{}', '{}', true);
END
$$;

-- It answers what the guest had written when it was scheduled, unless the bot is about to, or a note takes its place.
CREATE FUNCTION send_scheduled(p_id uuid, p_drafts jsonb) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    s        scheduled_messages%ROWTYPE;
    c        conversations%ROWTYPE;
    v_now    timestamptz;
    v_added  uuid[];
    v_seen   integer;
    v_leaves boolean := p_drafts->0->>'direction' = 'out';
BEGIN
    SELECT * INTO s FROM lock_scheduled(p_id);
    IF NOT FOUND OR s.at > clock_timestamp() THEN
        RETURN NULL;
    END IF;
    SELECT * INTO c FROM conversations WHERE id = s.conversation_id;
    v_now := clock_timestamp();
    v_seen := c.answered_seq;
    IF v_leaves AND c.answer_at IS NULL THEN
        v_seen := greatest(c.answered_seq, s.seen_seq);
    END IF;
    v_added := add_messages(
        c.id, c.channel, c.last_seq, v_now,
        answering(p_drafts, CASE WHEN v_seen > c.answered_seq THEN c.unanswered_since END, v_now), NULL
    );
    UPDATE scheduled_messages SET ended_at = v_now WHERE id = s.id;
    UPDATE conversations SET
        last_seq = last_seq + cardinality(v_added),
        last_at = v_now,
        answered_seq = v_seen,
        unanswered_since = (
            SELECT m.created_at FROM messages AS m
            WHERE m.conversation_id = c.id AND m.direction = 'in' AND m.seq > v_seen
            ORDER BY m.seq
            LIMIT 1
        ),
        deliver_at = CASE WHEN v_leaves THEN coalesce(deliver_at, v_now) ELSE deliver_at END
    WHERE id = c.id;
    PERFORM keep_scheduled_at(c.id);
    RETURN tell(c.id, '{}', v_added, true);
END
$$;
