-- Whose hands a conversation is in, now that there are urgent ones, snoozes and conversations with a mode of their own.

-- Say that an urgent message has come to a locked conversation, where it was not urgent yet or somebody knew of it.
CREATE FUNCTION raise_alarm(p_conversation uuid, p_words text[], p_ring_for text, p_again_in interval) RETURNS void
LANGUAGE sql AS $$
    UPDATE conversations SET
        urgent_since = clock_timestamp(), urgent_words = p_words,
        urgent_rings_for = p_ring_for, urgent_acknowledged_by = NULL,
        ring_at = clock_timestamp() + p_again_in
    WHERE id = p_conversation
$$;

-- As in 0003; and an urgent message gives the conversation to staff, its own mode goes before the hotel's, a snooze is
-- over, and a guest may opt out of messages that they did not ask for, or in again. `p_note` tells staff of that,
-- `p_notice` tells the guest that somebody was called; both are drafts as `add_messages` takes them. It is counted.
CREATE FUNCTION ingest_message(
    p_hotel text, p_channels text[], p_handles text[], p_provider_id text,
    p_message uuid, p_new_guest uuid, p_new_conversation uuid,
    p_text text, p_attachments jsonb, p_name text, p_language text, p_sent_at timestamptz, p_raw json, p_meta json,
    p_wait interval, p_wait_at_most interval, p_bot_on boolean, p_window interval,
    p_urgent text[], p_ring_for text, p_ring_again_in interval, p_notice jsonb, p_opts_out boolean, p_note jsonb
) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_channel  text := p_channels[1];
    v_handle   text := p_handles[1];
    v_raw      raw_inbound%ROWTYPE;
    v_guest    uuid;
    v_known    bigint;
    c          conversations%ROWTYPE;
    v_now      timestamptz;
    v_hands    text;
    v_moved    boolean;
    v_wish     boolean := false;  -- the message says no more than that the guest opts out, or in again
    v_alarm    boolean;
    v_drafts   jsonb := '[]';
    v_added    uuid[] := '{}';
BEGIN
    INSERT INTO raw_inbound (channel, provider_id, raw, message_id)
    VALUES (v_channel, p_provider_id, p_raw, p_message)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        -- a webhook that belonged to nobody may come again, once its number has a hotel
        UPDATE raw_inbound SET message_id = p_message, reason = NULL
        WHERE channel = v_channel AND provider_id = p_provider_id AND message_id IS NULL;
        IF NOT FOUND THEN
            SELECT * INTO v_raw FROM raw_inbound WHERE channel = v_channel AND provider_id = p_provider_id;
            RETURN (
                SELECT json_build_object('duplicate', true, 'message', m.facts, 'conversation', cf.facts)
                FROM message_facts AS m JOIN conversation_facts AS cf ON cf.id = m.conversation_id
                WHERE m.id = v_raw.message_id
            );
        END IF;
    END IF;

    SELECT max(guest_id::text) FILTER (WHERE channel = v_channel AND handle = v_handle)::uuid, count(*)
    INTO v_guest, v_known
    FROM addresses
    WHERE hotel = p_hotel AND (channel, handle) IN (SELECT * FROM unnest(p_channels, p_handles));
    IF v_guest IS NULL OR v_known < cardinality(p_handles) THEN
        v_guest := find_or_make_guest(p_hotel, p_channels, p_handles, p_new_guest, p_name, p_language);
    END IF;

    SELECT * INTO c FROM conversations WHERE guest_id = v_guest AND channel = v_channel FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        INSERT INTO conversations (id, hotel, channel, guest_id, handle, handled_by, created_at, last_at)
        VALUES (
            p_new_conversation, p_hotel, v_channel, v_guest, v_handle,
            CASE WHEN p_bot_on THEN 'bot' ELSE 'staff' END, clock_timestamp(), clock_timestamp()
        )
        ON CONFLICT DO NOTHING;
        SELECT * INTO c FROM conversations WHERE guest_id = v_guest AND channel = v_channel FOR NO KEY UPDATE;
    END IF;
    v_now := clock_timestamp();  -- after the lock: times rise as the numbers do

    IF p_name IS NOT NULL OR p_language IS NOT NULL THEN
        UPDATE guests SET name = coalesce(p_name, name), language = coalesce(p_language, language)
        WHERE id = v_guest
          AND (name, language) IS DISTINCT FROM (coalesce(p_name, name), coalesce(p_language, language));
    END IF;
    IF p_opts_out IS NOT NULL THEN
        -- who never opted out says something else with these words
        UPDATE guests SET opted_out_at = CASE WHEN p_opts_out THEN coalesce(opted_out_at, v_now) END
        WHERE id = v_guest AND (p_opts_out OR opted_out_at IS NOT NULL);
        v_wish := FOUND;
    END IF;

    INSERT INTO messages (
        id, conversation_id, seq, channel, direction, author_kind, author_name, text, attachments, created_at,
        provider_id, meta
    ) VALUES (
        p_message, c.id, c.last_seq + 1, v_channel, 'in', 'guest', p_name, p_text, p_attachments, v_now,
        p_provider_id, p_meta
    );
    IF p_attachments IS NOT NULL THEN
        INSERT INTO media (message_id, position, again_at)
        SELECT p_message, i - 1, v_now
        FROM jsonb_array_elements(p_attachments) WITH ORDINALITY AS attachment (a, i)
        WHERE a ->> 'state' = 'fetching';
    END IF;

    v_alarm := p_urgent IS NOT NULL AND (c.urgent_since IS NULL OR c.urgent_acknowledged_by IS NOT NULL);
    IF v_wish THEN
        v_drafts := v_drafts || p_note;
    END IF;
    IF v_alarm THEN
        v_drafts := v_drafts || p_notice;
        PERFORM raise_alarm(c.id, p_urgent, p_ring_for, p_ring_again_in);
    END IF;
    IF v_wish OR v_alarm THEN
        v_added := add_messages(c.id, v_channel, c.last_seq + 1, v_now, v_drafts, NULL);
    END IF;

    v_hands := CASE
        WHEN p_urgent IS NOT NULL OR c.handled_by = 'staff' AND c.status = 'open' THEN 'staff'
        WHEN coalesce(c.bot_mode <> 'off', p_bot_on) THEN 'bot'
        ELSE 'staff'
    END;
    v_moved := c.status <> 'open' OR c.handled_by <> v_hands;
    IF v_moved THEN
        PERFORM settle_suggestion(c.id, 'ended', NULL, NULL) WHERE c.suggestion_id IS NOT NULL;
    END IF;
    UPDATE conversations SET
        handle = v_handle,
        handled_by = v_hands,
        epoch = epoch + v_moved::integer,
        assignee = CASE WHEN status = 'open' THEN assignee END,
        resolved_seq = CASE status WHEN 'resolved' THEN last_seq ELSE resolved_seq END,
        status = 'open',
        snoozed_until = NULL,
        bot_back_at = CASE WHEN NOT v_moved THEN bot_back_at END,
        unread = unread + 1,
        last_seq = last_seq + 1 + cardinality(v_added),
        last_at = v_now,
        last_in_seq = last_seq + 1,
        window_closes_at = greatest(window_closes_at, least(coalesce(p_sent_at, v_now), v_now) + p_window),
        -- a wish alone asks for no answer
        answered_seq = CASE WHEN v_wish AND unanswered_since IS NULL THEN last_seq + 1 ELSE answered_seq END,
        unanswered_since = CASE WHEN v_wish THEN unanswered_since ELSE coalesce(unanswered_since, v_now) END,
        burst_since = CASE
            WHEN v_hands <> 'bot' THEN NULL
            WHEN v_wish THEN burst_since
            ELSE coalesce(burst_since, v_now)
        END,
        answer_at = CASE
            WHEN v_hands <> 'bot' THEN NULL
            WHEN v_wish THEN answer_at
            ELSE least(v_now + p_wait, coalesce(burst_since, v_now) + p_wait_at_most)
        END,
        deliver_at = CASE
            WHEN jsonb_path_exists(v_drafts, '$[*] ? (@.direction == "out")') THEN coalesce(deliver_at, v_now)
            ELSE deliver_at
        END
    WHERE id = c.id
    RETURNING answer_at INTO c.answer_at;

    PERFORM add_figures(
        p_hotel, v_now, p_guest_messages => 1,
        p_hand_overs => (p_urgent IS NOT NULL AND c.handled_by = 'bot')::integer
    );
    RETURN json_build_object(
        'answer_at', c.answer_at, 'changed', tell(c.id, '{}', ARRAY[p_message] || v_added, true)
    );
END
$$;

-- What processes that have not been restarted yet still call.
CREATE OR REPLACE FUNCTION ingest_message(
    p_hotel text, p_channels text[], p_handles text[], p_provider_id text,
    p_message uuid, p_new_guest uuid, p_new_conversation uuid,
    p_text text, p_attachments jsonb, p_name text, p_language text, p_sent_at timestamptz, p_raw json, p_meta json,
    p_wait interval, p_wait_at_most interval, p_bot_on boolean, p_window interval
) RETURNS json
LANGUAGE sql AS $$
    SELECT ingest_message(
        p_hotel, p_channels, p_handles, p_provider_id, p_message, p_new_guest, p_new_conversation,
        p_text, p_attachments, p_name, p_language, p_sent_at, p_raw, p_meta,
        p_wait, p_wait_at_most, p_bot_on, p_window,
        NULL, NULL, NULL, NULL, NULL, NULL
    )
$$;

-- As in 0009; and who takes a conversation over has it until they give it back.
CREATE OR REPLACE FUNCTION take_over(p_conversation uuid, p_user text) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c           conversations%ROWTYPE;
    v_cancelled uuid[];
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
    v_cancelled := give_to_staff(c.id, p_user);
    UPDATE conversations SET bot_back_at = NULL WHERE id = c.id AND bot_back_at IS NOT NULL;
    RETURN tell(c.id, v_cancelled, '{}', true);
END
$$;

-- As in 0009; and a snooze is over, whoever had it.
CREATE OR REPLACE FUNCTION return_to_bot(p_conversation uuid) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c conversations%ROWTYPE;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF c.handled_by = 'bot' AND c.status <> 'snoozed' THEN
        RETURN tell(c.id, '{}', '{}', false);
    END IF;
    PERFORM settle_suggestion(c.id, 'ended', NULL, NULL) WHERE c.suggestion_id IS NOT NULL;
    UPDATE conversations SET
        handled_by = 'bot', epoch = epoch + (handled_by = 'staff')::integer, assignee = NULL, rethinks = 0, tries = 0,
        status = CASE status WHEN 'snoozed' THEN 'open' ELSE status END,
        snoozed_until = NULL, bot_back_at = NULL,
        answer_by = NULL, answer_turn = NULL, answer_fence = answer_fence + 1,
        answer_at = CASE WHEN last_in_seq > answered_seq THEN clock_timestamp() END
    WHERE id = c.id;
    RETURN tell(c.id, '{}', '{}', true);
END
$$;

-- As in 0006; and what staff had planned for it, its urgency and a draft that waits are over. It is counted.
CREATE OR REPLACE FUNCTION resolve(p_conversation uuid) RETURNS json
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
    PERFORM settle_suggestion(c.id, 'ended', NULL, NULL) WHERE c.suggestion_id IS NOT NULL;
    PERFORM count_resolved(c.id, clock_timestamp());
    UPDATE conversations SET
        status = 'resolved', epoch = epoch + 1,
        snoozed_until = NULL, bot_back_at = NULL,
        urgent_since = NULL, urgent_words = NULL, urgent_rings_for = NULL, urgent_acknowledged_by = NULL,
        ring_at = NULL,
        answered_seq = last_in_seq, unanswered_since = NULL,
        answer_at = NULL, burst_since = NULL, rethinks = 0, tries = 0,
        answer_by = NULL, answer_turn = NULL, answer_fence = answer_fence + 1
    WHERE id = c.id;
    RETURN tell(c.id, '{}', '{}', true);
END
$$;
