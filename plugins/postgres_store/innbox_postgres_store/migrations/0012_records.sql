-- Replies and drafts of staff, what they decide about deliveries and files, the figures, and who did what.
-- The lock on a hotel's figures is taken after the conversation's and before the event counter's.

-- figures

-- What happened at a hotel in a quarter of an hour, counted as it happens: so the figures of a month are some thousand
-- rows, however many messages it had, and stay when a guest is erased. They name nobody.
CREATE TABLE figures (
    at             timestamptz NOT NULL,
    hotel          text NOT NULL,
    guest_messages integer NOT NULL DEFAULT 0,
    bot_messages   integer NOT NULL DEFAULT 0,
    staff_messages integer NOT NULL DEFAULT 0,
    failed         integer NOT NULL DEFAULT 0,
    hand_overs     integer NOT NULL DEFAULT 0,
    turns          integer NOT NULL DEFAULT 0,
    cost_usd       double precision NOT NULL DEFAULT 0,
    waits_by_bot   integer[] NOT NULL DEFAULT array_fill(0, ARRAY[11]),
    waits_by_staff integer[] NOT NULL DEFAULT array_fill(0, ARRAY[11]),
    resolved       integer NOT NULL DEFAULT 0,
    solve_seconds  double precision NOT NULL DEFAULT 0,
    PRIMARY KEY (at, hotel)
) WITH (fillfactor = 50);

-- What was said up to here has been resolved; the first word after it opened the matter at hand. Whoever opens a resolved
-- conversation notes it too: those that are resolved now have none, and a note in each would take long.
ALTER TABLE conversations ADD COLUMN resolved_seq integer NOT NULL DEFAULT 0;

-- The class of a waiting time, from 1 on. The bounds are those of Innbox's desk.
CREATE FUNCTION wait_class(p_seconds double precision) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 11 - width_bucket(
        -p_seconds, ARRAY[-86400, -14400, -3600, -1800, -900, -300, -120, -60, -30, -10]::double precision[]
    )
$$;

CREATE FUNCTION add_wait(p_waits integer[], p_seconds double precision) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_class integer := wait_class(p_seconds);
BEGIN
    p_waits[v_class] := p_waits[v_class] + 1;
    RETURN p_waits;
END
$$;

-- Add to the figures of a hotel. One `p_..._waited` is given where a guest who waited (so many seconds) was answered.
CREATE FUNCTION add_figures(
    p_hotel text, p_at timestamptz, p_guest_messages integer DEFAULT 0, p_bot_messages integer DEFAULT 0,
    p_staff_messages integer DEFAULT 0, p_failed integer DEFAULT 0, p_hand_overs integer DEFAULT 0,
    p_turns integer DEFAULT 0, p_cost_usd double precision DEFAULT 0, p_bot_waited double precision DEFAULT NULL,
    p_staff_waited double precision DEFAULT NULL, p_resolved integer DEFAULT 0,
    p_solve_seconds double precision DEFAULT 0
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_at timestamptz := date_bin('15 minutes', p_at, 'epoch');
BEGIN
    LOOP
        UPDATE figures SET
            guest_messages = guest_messages + p_guest_messages,
            bot_messages = bot_messages + p_bot_messages,
            staff_messages = staff_messages + p_staff_messages,
            failed = failed + p_failed,
            hand_overs = hand_overs + p_hand_overs,
            turns = turns + p_turns,
            cost_usd = cost_usd + p_cost_usd,
            waits_by_bot = CASE
                WHEN p_bot_waited IS NULL THEN waits_by_bot ELSE add_wait(waits_by_bot, p_bot_waited)
            END,
            waits_by_staff = CASE
                WHEN p_staff_waited IS NULL THEN waits_by_staff ELSE add_wait(waits_by_staff, p_staff_waited)
            END,
            resolved = resolved + p_resolved,
            solve_seconds = solve_seconds + p_solve_seconds
        WHERE at = v_at AND hotel = p_hotel;
        EXIT WHEN FOUND;
        INSERT INTO figures (at, hotel) VALUES (v_at, p_hotel) ON CONFLICT DO NOTHING;
    END LOOP;
END
$$;

-- Say in the first draft how long the guest has waited for it, so that `add_messages` counts it as an answer.
CREATE FUNCTION answering(p_drafts jsonb, p_since timestamptz, p_at timestamptz) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN p_since IS NULL THEN p_drafts
        ELSE jsonb_set(p_drafts, '{0,waited}', to_jsonb(extract(epoch FROM p_at - p_since)))
    END
$$;

-- Count that a locked conversation is resolved, where anything was said since the last time.
CREATE FUNCTION count_resolved(p_conversation uuid, p_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    c        conversations%ROWTYPE;
    v_opened timestamptz;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation;
    SELECT created_at INTO v_opened FROM messages
    WHERE conversation_id = c.id AND seq > c.resolved_seq AND direction <> 'note'
    ORDER BY seq
    LIMIT 1;
    IF FOUND THEN
        PERFORM add_figures(
            c.hotel, p_at, p_resolved => 1, p_solve_seconds => extract(epoch FROM p_at - v_opened)::double precision
        );
        UPDATE conversations SET resolved_seq = last_seq WHERE id = c.id;
    END IF;
END
$$;

-- As in 0002; and what leaves is counted.
CREATE OR REPLACE FUNCTION add_messages(
    p_conversation uuid, p_channel text, p_last_seq integer, p_at timestamptz, p_drafts jsonb, p_client_id text
) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE
    v_bot    integer;
    v_staff  integer;
    v_by     text := p_drafts #>> '{0,author_kind}';
    v_waited double precision := (p_drafts #>> '{0,waited}')::double precision;
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
    SELECT count(*) FILTER (WHERE d ->> 'author_kind' = 'bot'), count(*) FILTER (WHERE d ->> 'author_kind' = 'staff')
    INTO v_bot, v_staff
    FROM jsonb_array_elements(p_drafts) AS draft (d)
    WHERE d ->> 'direction' = 'out';
    IF v_bot + v_staff > 0 THEN
        PERFORM add_figures(
            c.hotel, p_at, p_bot_messages => v_bot, p_staff_messages => v_staff,
            p_bot_waited => CASE WHEN v_by = 'bot' THEN v_waited END,
            p_staff_waited => CASE WHEN v_by = 'staff' THEN v_waited END
        )
        FROM conversations AS c WHERE c.id = p_conversation;
    END IF;
    RETURN ARRAY(
        SELECT (d ->> 'id')::uuid FROM jsonb_array_elements(p_drafts) WITH ORDINALITY AS draft (d, i) ORDER BY i
    );
END
$$;

-- answers

-- As in 0004; and a draft for staff (`propose`), of which nothing leaves and after which the guest still waits. Every
-- other end of a turn ends the draft that waits.
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
        PERFORM settle_suggestion(c.id, 'replaced', NULL, NULL) WHERE c.suggestion_id IS NOT NULL;
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
    v_added := add_messages(c.id, c.channel, c.last_seq, v_now, v_drafts, NULL);
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
        p_cost_usd => coalesce((p_record ->> 'cost_usd')::double precision, 0)
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

-- A reply of staff, as `staff_message` was in 0006; and it may be held by what the writer has not seen (`unseen` in the
-- answer), bring files for the first draft, and be made of a draft of the bot's, which then keeps the conversation.
CREATE FUNCTION staff_reply(
    p_conversation uuid, p_user text, p_drafts jsonb, p_client_id text, p_seen_seq integer, p_suggestion uuid,
    p_data bytea[], p_content_types text[], p_names text[]
) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c           conversations%ROWTYPE;
    v_before    json;
    v_now       timestamptz;
    v_cancelled uuid[] := '{}';
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
    IF p_seen_seq < c.last_in_seq THEN
        RETURN json_build_object('unseen', true);
    END IF;
    v_now := clock_timestamp();
    IF c.suggestion_id = p_suggestion THEN
        PERFORM settle_suggestion(c.id, 'sent', p_user, (
            SELECT string_agg(d ->> 'text', E'\n' ORDER BY i)
            FROM jsonb_array_elements(p_drafts) WITH ORDINALITY AS draft (d, i)
        ));
    END IF;
    IF c.handled_by = 'bot' AND c.status <> 'resolved'
       AND EXISTS (SELECT FROM suggestions WHERE id = p_suggestion AND conversation_id = c.id) THEN
        -- a turn that is under way thinks about what is answered now
        PERFORM settle_suggestion(c.id, 'ended', p_user, NULL);
        UPDATE conversations SET
            status = 'open', snoozed_until = NULL,
            answer_at = NULL, burst_since = NULL, rethinks = 0, tries = 0,
            answer_by = NULL, answer_turn = NULL, answer_fence = answer_fence + 1
        WHERE id = c.id;
    ELSE
        v_cancelled := give_to_staff(c.id, p_user);
    END IF;
    v_added := add_messages(
        c.id, c.channel, c.last_seq, v_now, answering(p_drafts, c.unanswered_since, v_now), p_client_id
    );
    INSERT INTO media (message_id, position, content_type, name, data)
    SELECT v_added[1], i - 1, content_type, name, data
    FROM unnest(p_data, p_content_types, p_names) WITH ORDINALITY AS file (data, content_type, name, i);
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

-- What processes that have not been restarted yet still call.
CREATE OR REPLACE FUNCTION staff_message(p_conversation uuid, p_user text, p_drafts jsonb, p_client_id text)
RETURNS json
LANGUAGE sql AS $$
    SELECT staff_reply(p_conversation, p_user, p_drafts, p_client_id, NULL, NULL, '{}', '{}', '{}')
$$;

-- Put the bot's draft away; one that does not wait (any more) is no news.
CREATE FUNCTION dismiss_suggestion(p_conversation uuid, p_suggestion uuid, p_user text) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c conversations%ROWTYPE;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF c.suggestion_id IS DISTINCT FROM p_suggestion OR p_suggestion IS NULL THEN
        RETURN tell(c.id, '{}', '{}', false);
    END IF;
    PERFORM settle_suggestion(c.id, 'dismissed', p_user, NULL);
    RETURN tell(c.id, '{}', '{}', true);
END
$$;

-- Lock a message's conversation and return the message; all NULL where there is none.
CREATE FUNCTION lock_message(p_message uuid) RETURNS messages
LANGUAGE plpgsql AS $$
DECLARE
    m messages;
BEGIN
    PERFORM FROM conversations WHERE id = (SELECT conversation_id FROM messages WHERE id = p_message) FOR NO KEY UPDATE;
    SELECT * INTO m FROM messages WHERE id = p_message;
    RETURN m;
END
$$;

-- Keep a message's text in a language, and the language `p_source` that the original was found to be in; for a guest
-- whose language nobody knows, that is theirs. NULL where there is no such message.
CREATE FUNCTION save_translation(p_message uuid, p_language text, p_text text, p_source text) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    m        messages := lock_message(p_message);
    v_learnt boolean := false;
    v_before jsonb := coalesce(m.meta, '{}');
    v_meta   jsonb := v_before;
BEGIN
    IF m.id IS NULL THEN
        RETURN NULL;
    END IF;
    IF p_source IS NOT NULL THEN
        v_meta := v_meta || jsonb_build_object('language', p_source);
        UPDATE guests SET language = p_source
        WHERE m.direction = 'in' AND language IS NULL
          AND id = (SELECT guest_id FROM conversations WHERE id = m.conversation_id);
        v_learnt := FOUND;
    END IF;
    IF p_source IS DISTINCT FROM p_language THEN
        v_meta := v_meta || jsonb_build_object(
            'translations', coalesce(v_meta -> 'translations', '{}') || jsonb_build_object(p_language, p_text)
        );
    END IF;
    IF v_meta = v_before THEN
        RETURN tell(m.conversation_id, '{}', '{}', v_learnt);
    END IF;
    UPDATE messages SET meta = v_meta WHERE id = m.id;
    RETURN tell(m.conversation_id, ARRAY[m.id], '{}', v_learnt);
END
$$;

-- deliveries

-- When the message may be worked on that deliveries stand at, where that is not at once. The first one's is the
-- conversation's `deliver_at`; it must not be forgotten when an earlier message is sent anew.
ALTER TABLE outbox ADD COLUMN due_at timestamptz;
UPDATE outbox AS o SET due_at = c.deliver_at
FROM conversations AS c
WHERE c.id = o.conversation_id AND o.message_id = head_of_outbox(c.id);

-- The id of an attempt in whose place staff had another one made: what is told of it later says little.
ALTER TABLE provider_ids ADD COLUMN retired boolean NOT NULL DEFAULT false;

-- As in 0005; and it says whether the guest has opted out.
CREATE OR REPLACE FUNCTION claim_delivery(p_worker text, p_conversation uuid, p_token uuid) RETURNS json
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
        'window_closes_at', c.window_closes_at, 'message', (SELECT facts FROM message_facts WHERE id = m.id),
        'opted_out', (SELECT opted_out_at IS NOT NULL FROM guests WHERE id = c.guest_id)
    );
END
$$;

-- Return when a conversation has something to deliver; NULL where it has nothing.
CREATE FUNCTION next_delivery(p_conversation uuid) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT coalesce(due_at, clock_timestamp()) FROM outbox
    WHERE conversation_id = p_conversation AND NOT parked
    ORDER BY seq
    LIMIT 1
$$;

-- As in 0005; and a channel that gives an attempt the id of the one before it is believed.
CREATE OR REPLACE FUNCTION keep_provider_id(p_channel text, p_message uuid, p_old text, p_new text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    IF p_old IS NOT NULL OR p_new IS NULL THEN
        RETURN p_old;
    END IF;
    INSERT INTO provider_ids (channel, provider_id, message_id) VALUES (p_channel, p_new, p_message)
    ON CONFLICT (channel, provider_id) DO UPDATE SET retired = false WHERE provider_ids.message_id = p_message;
    RETURN CASE WHEN FOUND THEN p_new END;
END
$$;

-- As in 0009; and a failure is counted, each message keeps its own time, and a message may be pending again while the
-- attempt before is still under way: it failed, as a report said, and staff retried it.
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

    PERFORM keep_outbox(c.id, m.seq, v_status) WHERE v_changes;
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

-- As in 0009; and a failure is counted. A word on an attempt in whose place staff had another one made counts only where
-- it says that the guest has the message: then that one is not needed any more.
CREATE OR REPLACE FUNCTION report_status(
    p_channel text, p_message uuid, p_provider_id text, p_status text, p_error_code text, p_error_text text
) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c         conversations%ROWTYPE;
    m         messages%ROWTYPE;
    v_retired boolean;
    v_changes boolean;
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
        RETURN tell(c.id, '{}', '{}', false);
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
        UPDATE conversations SET deliver_at = next_delivery(c.id) WHERE id = c.id;
    END IF;
    RETURN tell(c.id, ARRAY[m.id], '{}', false);
END
$$;

-- As in 0009; and a snooze and a draft that waits are over, and what waits for its time keeps it. The bot has it back at no
-- time, unless staff had it already.
CREATE OR REPLACE FUNCTION give_to_staff(p_conversation uuid, p_user text) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE
    v_cancelled uuid[];
BEGIN
    WITH cancelled AS (
        UPDATE messages AS m SET status = 'cancelled'
        FROM outbox AS o
        WHERE o.conversation_id = p_conversation AND m.id = o.message_id
          AND m.author_kind = 'bot' AND m.status = 'pending'
        RETURNING m.id, m.seq
    )
    SELECT coalesce(array_agg(id ORDER BY seq), '{}') INTO v_cancelled FROM cancelled;
    DELETE FROM outbox WHERE conversation_id = p_conversation AND message_id = ANY (v_cancelled);
    -- one that is on its way may arrive, but is not begun again
    UPDATE messages AS m SET stopped = true
    FROM outbox AS o
    WHERE o.conversation_id = p_conversation AND m.id = o.message_id
      AND m.author_kind = 'bot' AND m.status IN ('sending', 'unknown');
    PERFORM settle_suggestion(id, 'ended', p_user, NULL)
    FROM conversations WHERE id = p_conversation AND suggestion_id IS NOT NULL;

    UPDATE conversations SET
        handled_by = 'staff',
        epoch = epoch + (handled_by = 'bot')::integer,
        assignee = CASE status WHEN 'resolved' THEN p_user ELSE coalesce(assignee, p_user) END,
        resolved_seq = CASE status WHEN 'resolved' THEN last_seq ELSE resolved_seq END,
        status = 'open', snoozed_until = NULL,
        bot_back_at = CASE WHEN handled_by = 'staff' AND status = 'open' THEN bot_back_at END,
        answer_at = NULL, burst_since = NULL, rethinks = 0, tries = 0,
        answer_by = NULL, answer_turn = NULL, answer_fence = answer_fence + 1,
        deliver_at = next_delivery(p_conversation)
    WHERE id = p_conversation;
    RETURN v_cancelled;
END
$$;

-- Make an `out` message, whose conversation is locked, pending again, for an attempt that a person has decided on. The
-- bot's too, though staff have the conversation: it is their word now.
CREATE FUNCTION send_anew(m messages) RETURNS json
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE messages SET
        status = 'pending', error_code = NULL, error_text = NULL, absences = 0, stopped = false, provider_id = NULL
    WHERE id = m.id;
    UPDATE provider_ids SET retired = true WHERE message_id = m.id;
    INSERT INTO outbox (conversation_id, seq, message_id) VALUES (m.conversation_id, m.seq, m.id)
    ON CONFLICT (conversation_id, seq) DO UPDATE SET parked = false, due_at = NULL;
    UPDATE conversations SET deliver_at = next_delivery(m.conversation_id) WHERE id = m.conversation_id;
    RETURN tell(m.conversation_id, ARRAY[m.id], '{}', false);
END
$$;

-- Send a failed message anew; `not` in the answer: it has not failed. NULL where there is no such message.
CREATE FUNCTION retry(p_message uuid) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    m messages := lock_message(p_message);
BEGIN
    IF m.id IS NULL THEN
        RETURN NULL;
    END IF;
    IF m.status IS DISTINCT FROM 'failed' THEN
        RETURN json_build_object('not', 'failed');
    END IF;
    RETURN send_anew(m);
END
$$;

-- Settle a parked message by staff's word; `not` in the answer: it is not parked. NULL where there is no such message.
CREATE FUNCTION decide(p_message uuid, p_arrived boolean) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    m messages := lock_message(p_message);
BEGIN
    IF m.id IS NULL THEN
        RETURN NULL;
    END IF;
    IF m.status IS DISTINCT FROM 'parked' THEN
        RETURN json_build_object('not', 'parked');
    END IF;
    IF NOT p_arrived THEN
        RETURN send_anew(m);
    END IF;
    UPDATE messages SET status = 'sent', error_code = NULL, error_text = NULL WHERE id = m.id;
    PERFORM keep_outbox(m.conversation_id, m.seq, 'sent');
    RETURN tell(m.conversation_id, ARRAY[m.id], '{}', false);
END
$$;

-- Download a failed attachment once more; `not` in the answer: it has not failed. NULL where there is no such one.
CREATE FUNCTION retry_media(p_message uuid, p_position integer) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    m            messages := lock_message(p_message);
    v_attachment jsonb := CASE WHEN p_position >= 0 THEN m.attachments -> p_position END;
BEGIN
    IF v_attachment IS NULL THEN
        RETURN NULL;
    END IF;
    IF v_attachment ->> 'state' IS DISTINCT FROM 'failed' THEN
        RETURN json_build_object('not', 'failed');
    END IF;
    INSERT INTO media (message_id, position, again_at) VALUES (m.id, p_position, clock_timestamp())
    ON CONFLICT (message_id, position) DO UPDATE SET tries = 0, again_at = excluded.again_at;
    UPDATE messages SET attachments = jsonb_set(attachments, ARRAY[p_position::text, 'state'], '"fetching"')
    WHERE id = m.id;
    RETURN tell(m.conversation_id, ARRAY[m.id], '{}', false);
END
$$;

-- guests

-- Say whether a conversation's guest wants no message that they did not ask for. The first time that they said so stays.
CREATE FUNCTION set_opt_out(p_conversation uuid, p_out boolean) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_guest uuid;
BEGIN
    SELECT guest_id INTO v_guest FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE guests SET opted_out_at = CASE WHEN p_out THEN clock_timestamp() END
    WHERE id = v_guest AND (opted_out_at IS NULL) = p_out;
    RETURN tell(p_conversation, '{}', '{}', FOUND);
END
$$;

-- As in 0010; and what staff keep of the guest at the desk.
CREATE OR REPLACE FUNCTION export_guest(p_hotel text, p_channel text, p_handle text) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'exported_at', clock_timestamp(),
        'guest', json_build_object(
            'id', g.id, 'name', g.name, 'language', g.language, 'created_at', g.created_at,
            'opted_out_at', g.opted_out_at
        ),
        'addresses', (
            SELECT json_agg(json_build_object('channel', a.channel, 'handle', a.handle) ORDER BY a.channel, a.handle)
            FROM addresses AS a WHERE a.guest_id = g.id
        ),
        'conversations', (
            SELECT json_agg(json_build_object(
                'conversation', c.facts,
                'messages', (
                    SELECT json_agg(m.facts ORDER BY m.seq) FROM message_facts AS m WHERE m.conversation_id = c.id
                ),
                'turns', (
                    SELECT json_agg(json_build_object(
                        'id', t.id, 'ending', t.ending, 'ended_at', t.ended_at, 'record', t.record,
                        'effects', (
                            SELECT coalesce(json_agg(json_build_object(
                                'tool', e.tool, 'what', e.what, 'data', e.data, 'needs_approval', e.needs_approval
                            ) ORDER BY e.id), '[]')
                            FROM tool_effects AS e WHERE e.turn_id = t.id
                        )
                    ) ORDER BY t.ended_at, t.id)
                    FROM turns AS t WHERE t.conversation_id = c.id
                ),
                'suggestions', (
                    SELECT json_agg(json_build_object(
                        'id', s.id, 'turn_id', s.turn_id, 'seq', s.seq, 'text', s.text, 'sources', s.sources,
                        'made_at', s.made_at, 'outcome', s.outcome, 'final_text', s.final_text,
                        'settled_by', s.settled_by, 'settled_at', s.settled_at
                    ) ORDER BY s.made_at, s.id)
                    FROM suggestions AS s WHERE s.conversation_id = c.id
                ),
                'scheduled', (
                    SELECT json_agg(json_build_object(
                        'id', s.id, 'user', s.user_name, 'text', s.text, 'at', s.at, 'created_at', s.created_at,
                        'ended_at', s.ended_at
                    ) ORDER BY s.at, s.id)
                    FROM scheduled_messages AS s WHERE s.conversation_id = c.id
                )
            ) ORDER BY c.id)
            FROM conversation_facts AS c WHERE c.guest_id = g.id
        ),
        'webhooks', (
            SELECT json_agg(json_build_object(
                'channel', w.channel, 'provider_id', w.provider_id, 'received_at', w.received_at, 'raw', w.raw
            ) ORDER BY w.received_at, w.provider_id)
            FROM webhooks_of(g.id) AS w
        )
    )
    FROM addresses AS known JOIN guests AS g ON g.id = known.guest_id
    WHERE known.hotel = p_hotel AND known.channel = p_channel AND known.handle = p_handle
$$;

-- people

-- Who did what. Entries outlive what they are about, so they refer to nothing.
CREATE TABLE audit (
    id              uuid PRIMARY KEY,
    at              timestamptz NOT NULL,
    user_name       text NOT NULL,
    action          text NOT NULL,
    hotel           text,
    conversation_id uuid,
    detail          json NOT NULL
);
CREATE INDEX audit_by_hotel ON audit (hotel, id DESC);
CREATE INDEX audit_by_user ON audit (user_name, id DESC);

-- A page of the audit log, newest first, below `p_before`. Each hotel's index is walked from its newest entry on.
CREATE FUNCTION audit_page(p_hotels text[], p_before uuid, p_limit integer, p_user text) RETURNS SETOF audit
LANGUAGE plpgsql STABLE ROWS 50 SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    IF p_hotels IS NULL OR p_user IS NOT NULL THEN
        RETURN QUERY
        SELECT * FROM audit
        WHERE id < p_before
          AND (p_user IS NULL OR user_name = p_user)
          AND (p_hotels IS NULL OR hotel = ANY (p_hotels))
        ORDER BY id DESC
        LIMIT p_limit;
    ELSE
        RETURN QUERY
        SELECT page.*
        FROM unnest(p_hotels) AS wanted (name)
        CROSS JOIN LATERAL (
            SELECT * FROM audit WHERE hotel = wanted.name AND id < p_before ORDER BY id DESC LIMIT p_limit
        ) AS page
        ORDER BY page.id DESC
        LIMIT p_limit;
    END IF;
END
$$;
