-- Guests' messages come in. Locks are taken in this order everywhere: the webhook's key, the hotel's new guests, the
-- conversation, the event counter. So no two transactions wait for each other.

-- Return the guest of an address or, failing that, of an alias, within the hotel; make one where there is none; keep
-- all handles with them. One new guest of a hotel at a time, so that two messages at once make one guest.
CREATE FUNCTION find_or_make_guest(
    p_hotel text, p_channels text[], p_handles text[], p_new_guest uuid, p_name text, p_language text
) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
    v_guest uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('innbox: new guests of ' || p_hotel, 0));
    SELECT a.guest_id INTO v_guest
    FROM unnest(p_channels, p_handles) WITH ORDINALITY AS known (channel, handle, i)
    JOIN addresses AS a ON a.hotel = p_hotel AND a.channel = known.channel AND a.handle = known.handle
    ORDER BY known.i
    LIMIT 1;
    IF v_guest IS NULL THEN
        INSERT INTO guests (id, hotel, name, language) VALUES (p_new_guest, p_hotel, p_name, p_language);
        v_guest := p_new_guest;
    END IF;
    INSERT INTO addresses (hotel, channel, handle, guest_id)
    SELECT p_hotel, known.channel, known.handle, v_guest FROM unnest(p_channels, p_handles) AS known (channel, handle)
    ON CONFLICT DO NOTHING;
    RETURN v_guest;
END
$$;

-- Take in a guest's message. The first of `p_channels` and `p_handles` is where it came from, the others are aliases.
CREATE FUNCTION ingest_message(
    p_hotel text, p_channels text[], p_handles text[], p_provider_id text,
    p_message uuid, p_new_guest uuid, p_new_conversation uuid,
    p_text text, p_attachments jsonb, p_name text, p_language text, p_sent_at timestamptz, p_raw json, p_meta json,
    p_wait interval, p_wait_at_most interval, p_bot_on boolean, p_window interval
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

    v_hands := CASE
        WHEN c.handled_by = 'staff' AND c.status = 'open' THEN 'staff'
        WHEN p_bot_on THEN 'bot'
        ELSE 'staff'
    END;
    UPDATE conversations SET
        handle = v_handle,
        handled_by = v_hands,
        epoch = epoch + (status <> 'open' OR handled_by <> v_hands)::integer,
        assignee = CASE WHEN status = 'open' THEN assignee END,
        status = 'open',
        unread = unread + 1,
        last_seq = last_seq + 1,
        last_at = v_now,
        last_in_seq = last_seq + 1,
        window_closes_at = greatest(window_closes_at, least(coalesce(p_sent_at, v_now), v_now) + p_window),
        unanswered_since = coalesce(unanswered_since, v_now),
        burst_since = CASE WHEN v_hands = 'bot' THEN coalesce(burst_since, v_now) END,
        answer_at = CASE
            WHEN v_hands = 'bot' THEN least(v_now + p_wait, coalesce(burst_since, v_now) + p_wait_at_most)
        END
    WHERE id = c.id
    RETURNING answer_at INTO c.answer_at;

    RETURN json_build_object('answer_at', c.answer_at, 'changed', tell(c.id, '{}', ARRAY[p_message], true));
END
$$;
