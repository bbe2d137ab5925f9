-- Answering: claims of turns, and their ends. Every write of a turn names its fence.

-- Forget a worker; what it held is due at once, and what it still writes is fenced.
CREATE FUNCTION retire_worker(p_worker text) RETURNS void
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
END
$$;

-- Say that a worker lives. One that was silent for too long has lost its claims, though nobody has taken them yet.
-- Claims whose answer never reached it (their tokens) are given back too: the worker does not know of them, and a
-- living worker's claim would keep everybody else away.
CREATE FUNCTION heartbeat(p_worker text, p_conversations uuid[], p_tokens uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM workers WHERE name = p_worker AND NOT is_alive(name)) THEN
        PERFORM retire_worker(p_worker);
    END IF;
    INSERT INTO workers (name, seen_at) VALUES (p_worker, clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET seen_at = clock_timestamp();
    IF cardinality(p_tokens) > 0 THEN
        UPDATE conversations SET answer_by = NULL, answer_turn = NULL, answer_fence = answer_fence + 1
        WHERE id = ANY (p_conversations) AND answer_turn = ANY (p_tokens);
        UPDATE conversations SET deliver_by = NULL, deliver_token = NULL, deliver_fence = deliver_fence + 1
        WHERE id = ANY (p_conversations) AND deliver_token = ANY (p_tokens);
        -- nobody was told to send it, so it is as if it had never been claimed
        UPDATE messages AS m SET status = 'pending', attempt = attempt - 1, sending_since = NULL, sending_token = NULL
        FROM outbox AS o
        WHERE o.conversation_id = ANY (p_conversations) AND m.id = o.message_id
          AND m.status = 'sending' AND m.sending_token = ANY (p_tokens);
    END IF;
END
$$;

-- Claim the due turn of a conversation; NULL where none is due or a living worker has it. `messages` are the newest
-- `p_history` in or out, and before them what is unanswered.
CREATE FUNCTION claim_turn(p_worker text, p_conversation uuid, p_turn uuid, p_history integer) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c            conversations%ROWTYPE;
    v_first      integer;
    v_unanswered integer;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND OR c.handled_by <> 'bot' OR c.answer_at IS NULL OR c.answer_at > clock_timestamp()
       OR is_alive(c.answer_by) THEN
        RETURN NULL;
    END IF;
    UPDATE conversations SET
        answer_fence = answer_fence + 1, answer_by = p_worker, answer_turn = p_turn, burst_since = NULL
    WHERE id = c.id;

    SELECT min(seq) INTO v_first FROM (
        SELECT seq FROM messages
        WHERE conversation_id = c.id AND direction <> 'note'
        ORDER BY seq DESC
        LIMIT p_history
    ) AS recent;
    -- a guest who wrote thousands of messages while staff had the conversation gets the newest ones answered
    v_unanswered := greatest(c.answered_seq, c.last_seq - 500);
    RETURN (
        SELECT json_build_object(
            'fence', c.answer_fence + 1, 'epoch', c.epoch, 'last_seq', c.last_in_seq,
            'answered_seq', c.answered_seq, 'rethinks', c.rethinks, 'tries', c.tries,
            'conversation', (SELECT facts FROM conversation_facts WHERE id = c.id),
            'messages', json_agg(m.facts ORDER BY m.seq)
        )
        FROM message_facts AS m
        WHERE m.conversation_id = c.id
          AND m.seq >= least(v_first, v_unanswered + 1)
          AND (m.direction <> 'note' AND m.seq >= v_first OR m.direction = 'in' AND m.seq > v_unanswered)
    );
END
$$;

-- End a turn. `p_ending` is reply, hand_over or no_reply; drafts and effects have their ids already.
CREATE FUNCTION commit_turn(
    p_conversation uuid, p_turn uuid, p_fence bigint, p_epoch integer, p_last_seq integer,
    p_ending text, p_even_if_newer boolean, p_drafts jsonb, p_effects jsonb, p_record json
) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c       conversations%ROWTYPE;
    v_now   timestamptz;
    v_added uuid[];
    v_newer timestamptz;
    v_outs  boolean;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND OR c.answer_fence <> p_fence OR c.answer_turn IS DISTINCT FROM p_turn THEN
        RETURN json_build_object('verdict', 'fenced');
    END IF;
    IF c.epoch <> p_epoch OR c.handled_by <> 'bot' THEN
        UPDATE conversations SET answer_by = NULL, answer_turn = NULL WHERE id = c.id;
        RETURN json_build_object('verdict', 'hands', 'changed', tell(c.id, '{}', '{}', false));
    END IF;
    IF c.last_in_seq > p_last_seq AND p_ending = 'reply' AND NOT p_even_if_newer THEN
        UPDATE conversations SET answer_by = NULL, answer_turn = NULL, rethinks = rethinks + 1 WHERE id = c.id;
        RETURN json_build_object(
            'verdict', 'newer', 'answer_at', c.answer_at, 'changed', tell(c.id, '{}', '{}', false)
        );
    END IF;

    v_now := clock_timestamp();
    v_added := add_messages(c.id, c.channel, c.last_seq, v_now, p_drafts, NULL);
    v_outs := jsonb_path_exists(p_drafts, '$[*] ? (@.direction == "out")');
    IF c.last_in_seq > p_last_seq THEN
        SELECT created_at INTO v_newer FROM messages
        WHERE conversation_id = c.id AND direction = 'in' AND seq > p_last_seq
        ORDER BY seq
        LIMIT 1;
    END IF;
    INSERT INTO turns (id, conversation_id, ended_at, ending, epoch, last_seq, rethinks, tries, record)
    VALUES (p_turn, c.id, v_now, p_ending, p_epoch, p_last_seq, c.rethinks, c.tries, p_record);
    IF jsonb_array_length(p_effects) > 0 THEN
        INSERT INTO tool_effects (id, turn_id, tool, what, data, needs_approval, created_at)
        SELECT
            (e ->> 'id')::uuid, p_turn, e ->> 'tool', e ->> 'what', (e -> 'data')::json,
            (e ->> 'needs_approval')::boolean, v_now
        FROM jsonb_array_elements(p_effects) AS effect (e);
    END IF;

    UPDATE conversations SET
        answer_by = NULL, answer_turn = NULL, rethinks = 0, tries = 0,
        handled_by = CASE p_ending WHEN 'hand_over' THEN 'staff' ELSE 'bot' END,
        epoch = epoch + (p_ending = 'hand_over')::integer,
        assignee = NULL,
        -- after a hand-over nobody has answered yet: should staff give it back, the bot answers
        answered_seq = CASE p_ending WHEN 'hand_over' THEN answered_seq ELSE p_last_seq END,
        unanswered_since = CASE p_ending WHEN 'hand_over' THEN unanswered_since ELSE v_newer END,
        burst_since = CASE WHEN p_ending <> 'hand_over' THEN burst_since END,
        answer_at = CASE WHEN p_ending <> 'hand_over' AND v_newer IS NOT NULL THEN answer_at END,
        last_seq = last_seq + cardinality(v_added),
        last_at = CASE WHEN cardinality(v_added) > 0 THEN v_now ELSE last_at END,
        deliver_at = CASE WHEN v_outs THEN coalesce(deliver_at, v_now) ELSE deliver_at END
    WHERE id = c.id
    RETURNING * INTO c;
    RETURN json_build_object(
        'verdict', 'done', 'answer_at', c.answer_at, 'deliver', coalesce(c.deliver_at <= v_now, false),
        'changed', tell(c.id, '{}', v_added, true)
    );
END
$$;

-- Give a turn's claim back without an end, due again at `p_again_at` unless hands have changed meanwhile.
CREATE FUNCTION release_turn(
    p_conversation uuid, p_turn uuid, p_fence bigint, p_epoch integer, p_again_at timestamptz
) RETURNS void
LANGUAGE sql AS $$
    UPDATE conversations SET
        answer_by = NULL, answer_turn = NULL, tries = tries + 1,
        answer_at = CASE
            WHEN handled_by = 'bot' AND epoch = p_epoch THEN coalesce(p_again_at, clock_timestamp())
            ELSE answer_at
        END
    WHERE id = p_conversation AND answer_fence = p_fence AND answer_turn = p_turn
$$;
