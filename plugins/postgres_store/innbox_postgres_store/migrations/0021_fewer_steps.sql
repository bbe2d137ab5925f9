-- Less work for each reply, and the same results. What a statement does before it begins (it is parsed and planned where
-- it stands in an SQL function, and every CHECK of its table is parsed) costs more here than what it then does.

-- What these held is held by the functions below, which alone write.
ALTER TABLE conversations
    DROP CONSTRAINT IF EXISTS conversations_status_check,
    DROP CONSTRAINT IF EXISTS conversations_handled_by_check,
    DROP CONSTRAINT IF EXISTS conversations_bot_mode_check;
ALTER TABLE messages
    DROP CONSTRAINT IF EXISTS messages_direction_check,
    DROP CONSTRAINT IF EXISTS messages_author_kind_check,
    DROP CONSTRAINT IF EXISTS messages_check;
ALTER TABLE turns DROP CONSTRAINT IF EXISTS turns_ending_check;
ALTER TABLE event_counter DROP CONSTRAINT IF EXISTS event_counter_id_check;

-- As in 0002.
CREATE OR REPLACE FUNCTION is_alive(p_worker text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN p_worker IS NOT NULL AND EXISTS (
        SELECT FROM workers WHERE name = p_worker AND seen_at > clock_timestamp() - heartbeat_life()
    );
END
$$;

-- As in 0005.
CREATE OR REPLACE FUNCTION head_of_outbox(p_conversation uuid) RETURNS uuid
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT message_id FROM outbox WHERE conversation_id = p_conversation AND NOT parked ORDER BY seq LIMIT 1
    );
END
$$;

-- As in 0012.
CREATE OR REPLACE FUNCTION next_delivery(p_conversation uuid) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(due_at, clock_timestamp()) FROM outbox
        WHERE conversation_id = p_conversation AND NOT parked
        ORDER BY seq
        LIMIT 1
    );
END
$$;

-- Append drafts to a locked conversation, as `add_messages` does, and count nothing.
CREATE FUNCTION put_messages(
    p_conversation uuid, p_channel text, p_last_seq integer, p_at timestamptz, p_drafts jsonb, p_client_id text
) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE
    v_added uuid[] := '{}';
BEGIN
    IF p_drafts <> '[]' THEN
        WITH added AS (
            INSERT INTO messages (
                id, conversation_id, seq, channel, direction, author_kind, author_name, text, attachments, created_at,
                client_id, part, meta, status
            )
            SELECT
                (d ->> 'id')::uuid, p_conversation, p_last_seq + i, p_channel, d ->> 'direction', d ->> 'author_kind',
                d ->> 'author_name', d ->> 'text', nullif(d -> 'attachments', 'null'), p_at, p_client_id, i - 1,
                (d -> 'meta')::json, CASE WHEN d ->> 'direction' = 'out' THEN 'pending' END
            FROM jsonb_array_elements(p_drafts) WITH ORDINALITY AS draft (d, i)
            RETURNING id, seq, direction
        ), leaving AS (
            INSERT INTO outbox (conversation_id, seq, message_id)
            SELECT p_conversation, seq, id FROM added WHERE direction = 'out'
        )
        SELECT array_agg(id ORDER BY seq) INTO v_added FROM added;
    END IF;
    RETURN v_added;
END
$$;

-- How many drafts leave that somebody of a kind wrote.
CREATE FUNCTION leaving_by(p_drafts jsonb, p_author_kind text) RETURNS integer
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN jsonb_array_length(jsonb_path_query_array(
        p_drafts, '$[*] ? (@.direction == "out" && @.author_kind == $kind)', jsonb_build_object('kind', p_author_kind)
    ));
END
$$;

-- As in 0012.
CREATE OR REPLACE FUNCTION add_messages(
    p_conversation uuid, p_channel text, p_last_seq integer, p_at timestamptz, p_drafts jsonb, p_client_id text
) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE
    v_bot    integer := leaving_by(p_drafts, 'bot');
    v_staff  integer := leaving_by(p_drafts, 'staff');
    v_by     text := p_drafts #>> '{0,author_kind}';
    v_waited double precision := (p_drafts #>> '{0,waited}')::double precision;
BEGIN
    IF v_bot + v_staff > 0 THEN
        PERFORM add_figures(
            c.hotel, p_at, p_bot_messages => v_bot, p_staff_messages => v_staff,
            p_bot_waited => CASE WHEN v_by = 'bot' THEN v_waited END,
            p_staff_waited => CASE WHEN v_by = 'staff' THEN v_waited END
        )
        FROM conversations AS c WHERE c.id = p_conversation;
    END IF;
    RETURN put_messages(p_conversation, p_channel, p_last_seq, p_at, p_drafts, p_client_id);
END
$$;

-- As in 0004. Nothing that anybody is promised hangs on a claim: one that the server forgets as it crashes is made anew,
-- and who held it is fenced by its turn. So it does not wait for the disk.
CREATE OR REPLACE FUNCTION claim_turn(p_worker text, p_conversation uuid, p_turn uuid, p_history integer) RETURNS json
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
    PERFORM set_config('synchronous_commit', 'off', true);
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

-- As in 0012; what it counts is counted at once.
CREATE OR REPLACE FUNCTION commit_turn(
    p_conversation uuid, p_turn uuid, p_fence bigint, p_epoch integer, p_last_seq integer,
    p_ending text, p_even_if_newer boolean, p_drafts jsonb, p_effects jsonb, p_record json
) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c          conversations%ROWTYPE;
    v_now      timestamptz;
    v_drafts   jsonb := p_drafts;
    v_added    uuid[];
    v_newer    timestamptz;
    v_outs     boolean;
    v_answered boolean := p_ending IN ('reply', 'no_reply');
    v_stays    boolean := p_ending <> 'hand_over';
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND OR c.answer_fence <> p_fence OR c.answer_turn IS DISTINCT FROM p_turn THEN
        RETURN json_build_object('verdict', 'fenced');
    END IF;
    IF c.epoch <> p_epoch OR c.handled_by <> 'bot' THEN
        UPDATE conversations SET answer_by = NULL, answer_turn = NULL WHERE id = c.id;
        RETURN json_build_object('verdict', 'hands', 'changed', tell(c.id, '{}', '{}', false));
    END IF;
    IF c.last_in_seq > p_last_seq AND p_ending IN ('reply', 'propose') AND NOT p_even_if_newer THEN
        UPDATE conversations SET answer_by = NULL, answer_turn = NULL, rethinks = rethinks + 1 WHERE id = c.id;
        RETURN json_build_object(
            'verdict', 'newer', 'answer_at', c.answer_at, 'changed', tell(c.id, '{}', '{}', false)
        );
    END IF;

    v_now := clock_timestamp();
    IF p_ending = 'propose' THEN
        v_drafts := '[]';
        IF c.suggestion_id IS NOT NULL THEN
            PERFORM settle_suggestion(c.id, 'replaced', NULL, NULL);
        END IF;
        INSERT INTO suggestions (id, conversation_id, turn_id, seq, text, sources, made_at)
        VALUES (
            (p_drafts #>> '{0,id}')::uuid, c.id, p_turn, p_last_seq, p_drafts #>> '{0,text}',
            (p_record -> 'sources')::jsonb, v_now
        )
        RETURNING id INTO c.suggestion_id;
    ELSIF c.suggestion_id IS NOT NULL THEN
        PERFORM settle_suggestion(c.id, 'ended', NULL, NULL);
        c.suggestion_id := NULL;
    END IF;
    IF p_ending = 'reply' THEN
        v_drafts := answering(v_drafts, c.unanswered_since, v_now);
    END IF;
    v_added := put_messages(c.id, c.channel, c.last_seq, v_now, v_drafts, NULL);
    v_outs := jsonb_path_exists(v_drafts, '$[*] ? (@.direction == "out")');
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
    PERFORM add_figures(
        c.hotel, v_now, p_turns => 1, p_hand_overs => (NOT v_stays)::integer,
        p_cost_usd => coalesce((p_record ->> 'cost_usd')::double precision, 0),
        p_bot_messages => leaving_by(v_drafts, 'bot'),
        p_bot_waited => (v_drafts #>> '{0,waited}')::double precision
    );

    UPDATE conversations SET
        answer_by = NULL, answer_turn = NULL, rethinks = 0, tries = 0,
        handled_by = CASE WHEN v_stays THEN 'bot' ELSE 'staff' END,
        epoch = epoch + (NOT v_stays)::integer,
        assignee = NULL,
        suggestion_id = c.suggestion_id,
        -- after a hand-over or a draft nobody has answered yet: should staff give it back, the bot answers
        answered_seq = CASE WHEN v_answered THEN p_last_seq ELSE answered_seq END,
        unanswered_since = CASE WHEN v_answered THEN v_newer ELSE unanswered_since END,
        burst_since = CASE WHEN v_stays THEN burst_since END,
        answer_at = CASE WHEN v_stays AND v_newer IS NOT NULL THEN answer_at END,
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

-- As in 0012.
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
    v_changes := m.status IN ('pending', 'sending', 'unknown') OR delivery_rank(v_status) > delivery_rank(m.status);
    v_news := v_changes
        AND (v_status, v_code, v_text) IS DISTINCT FROM (m.status, m.error_code, m.error_text);
    UPDATE messages SET
        status = CASE WHEN v_changes THEN v_status ELSE status END,
        error_code = CASE WHEN v_changes THEN v_code ELSE error_code END,
        error_text = CASE WHEN v_changes THEN v_text ELSE error_text END,
        absences = absences + p_absent::integer,
        provider_id = keep_provider_id(channel, id, provider_id, p_provider_id)
    WHERE id = p_message;

    IF v_changes THEN
        PERFORM keep_outbox(c.id, m.seq, v_status);
    END IF;
    IF p_at IS NOT NULL THEN
        UPDATE outbox SET due_at = p_at WHERE conversation_id = c.id AND seq = m.seq;
    END IF;
    IF v_changes AND v_status = 'failed' THEN
        PERFORM add_figures(c.hotel, clock_timestamp(), p_failed => 1);
    END IF;
    UPDATE conversations SET deliver_by = NULL, deliver_token = NULL, deliver_at = next_delivery(c.id)
    WHERE id = c.id
    RETURNING deliver_at INTO c.deliver_at;
    RETURN json_build_object(
        'fenced', false, 'deliver_at', c.deliver_at,
        'changed', tell(c.id, CASE WHEN v_news THEN ARRAY[p_message] ELSE '{}' END, '{}', false)
    );
END
$$;

-- What `report_status` did in 0012; and whether something waits behind the message, now that it is settled. Most reports
-- come after that, and wake nobody.
CREATE FUNCTION take_report(
    p_channel text, p_message uuid, p_provider_id text, p_status text, p_error_code text, p_error_text text
) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c         conversations%ROWTYPE;
    m         messages%ROWTYPE;
    v_retired boolean;
    v_changes boolean;
    v_waits   boolean := false;
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
    v_retired := EXISTS (
        SELECT FROM provider_ids
        WHERE channel = p_channel AND provider_id = p_provider_id AND message_id = m.id AND retired
    );
    v_changes := delivery_rank(p_status) > delivery_rank(m.status)
        AND delivery_rank(p_status) >= delivery_rank(CASE WHEN v_retired THEN 'delivered' ELSE 'sent' END);
    IF NOT v_changes THEN
        IF m.provider_id IS NULL AND p_provider_id IS NOT NULL AND NOT v_retired THEN
            UPDATE messages SET provider_id = keep_provider_id(channel, id, provider_id, p_provider_id) WHERE id = m.id;
        END IF;
        RETURN json_build_object('changed', tell(c.id, '{}', '{}', false), 'deliver', false);
    END IF;

    UPDATE messages SET
        status = p_status,
        error_code = CASE WHEN p_status = 'failed' THEN p_error_code END,
        error_text = CASE WHEN p_status = 'failed' THEN p_error_text END,
        provider_id = keep_provider_id(channel, id, provider_id, p_provider_id)
    WHERE id = m.id;
    IF p_status = 'failed' THEN
        PERFORM add_figures(c.hotel, clock_timestamp(), p_failed => 1);
    END IF;
    IF m.status IN ('pending', 'sending', 'unknown', 'parked') THEN
        -- what all others waited for may have been settled: the next one need not wait any longer
        PERFORM keep_outbox(c.id, m.seq, p_status);
        UPDATE conversations SET deliver_at = next_delivery(c.id) WHERE id = c.id
        RETURNING deliver_at IS NOT NULL INTO v_waits;
    END IF;
    RETURN json_build_object('changed', tell(c.id, ARRAY[m.id], '{}', false), 'deliver', v_waits);
END
$$;

-- What processes that have not been restarted yet still call.
CREATE OR REPLACE FUNCTION report_status(
    p_channel text, p_message uuid, p_provider_id text, p_status text, p_error_code text, p_error_text text
) RETURNS json
LANGUAGE sql AS $$
    SELECT take_report(p_channel, p_message, p_provider_id, p_status, p_error_code, p_error_text) -> 'changed'
$$;
