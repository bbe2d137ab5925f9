-- Erasing guests: what is left of them, and how their old messages are kept out.

CREATE TABLE tombstones (
    guest_id  uuid PRIMARY KEY,
    hotel     text NOT NULL,
    erased_at timestamptz NOT NULL,
    erased_by text NOT NULL
);

-- Keyed hashes of an erased guest's addresses and of their messages' provider ids.
CREATE TABLE tombstone_marks (
    mark     text NOT NULL,
    guest_id uuid NOT NULL REFERENCES tombstones ON DELETE CASCADE,
    PRIMARY KEY (mark, guest_id)
);
CREATE INDEX tombstone_marks_by_guest ON tombstone_marks (guest_id);

CREATE INDEX events_by_conversation ON events (conversation_id);
CREATE INDEX raw_inbound_aside ON raw_inbound (channel) WHERE message_id IS NULL;

-- Make a mark as Innbox does: HMAC-SHA-256, 128 bits as hex. The key comes as the two pads of RFC 2104.
CREATE FUNCTION make_mark(p_inner bytea, p_outer bytea, VARIADIC p_words text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT left(encode(sha256(
        p_outer || sha256(p_inner || convert_to(array_to_string(p_words, E'\x1f'), 'UTF8'))
    ), 'hex'), 32)
$$;

-- Messages of a hotel come in while nobody of it is being erased, and the other way round: so no message can slip
-- through between the look for a tombstone and its making. The first lock of either.
CREATE FUNCTION erasing_lock(p_hotel text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT hashtextextended('innbox: erasing at ' || p_hotel, 0)
$$;

-- Say whether a tombstone keeps a message out: one whose own mark is there always, one from a marked address where it
-- was sent before the erasure. Holds the lock until the message is in.
CREATE FUNCTION is_kept_out(p_hotel text, p_own text, p_addresses text[], p_sent_at timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(erasing_lock(p_hotel));
    RETURN EXISTS (SELECT FROM tombstone_marks WHERE mark = p_own)
        OR p_sent_at IS NOT NULL AND EXISTS (
            SELECT FROM tombstone_marks AS k JOIN tombstones AS t ON t.guest_id = k.guest_id
            WHERE k.mark = ANY (p_addresses) AND t.erased_at >= p_sent_at
        );
END
$$;

-- The webhooks of a guest: those of their messages, and those kept aside that name one of their handles, as a value of
-- its own or after a prefix and a colon.
CREATE FUNCTION webhooks_of(p_guest uuid) RETURNS SETOF raw_inbound LANGUAGE sql STABLE AS $$
    SELECT r.*
    FROM conversations AS c
    JOIN messages AS m ON m.conversation_id = c.id AND m.direction = 'in'
    JOIN raw_inbound AS r ON r.channel = m.channel AND r.provider_id = m.provider_id
    WHERE c.guest_id = p_guest
    UNION ALL
    SELECT r.*
    FROM raw_inbound AS r
    WHERE r.message_id IS NULL AND EXISTS (
        SELECT FROM addresses AS a
        WHERE a.guest_id = p_guest AND a.channel = r.channel
          AND (
              position(to_json(a.handle)::text IN r.raw::text) > 0
              OR position(':' || substr(to_json(a.handle)::text, 2) IN r.raw::text) > 0
          )
    )
$$;

-- Everything that is known of a guest; NULL where there is none.
CREATE FUNCTION export_guest(p_hotel text, p_channel text, p_handle text) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'exported_at', clock_timestamp(),
        'guest', json_build_object('id', g.id, 'name', g.name, 'language', g.language, 'created_at', g.created_at),
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

-- Keep a tombstone. One that is there already may get more marks.
CREATE FUNCTION bury(p_guest uuid, p_hotel text, p_at timestamptz, p_by text, p_marks text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tombstones (guest_id, hotel, erased_at, erased_by) VALUES (p_guest, p_hotel, p_at, p_by)
    ON CONFLICT DO NOTHING;
    INSERT INTO tombstone_marks (mark, guest_id) SELECT mark, p_guest FROM unnest(p_marks) AS given (mark)
    ON CONFLICT DO NOTHING;
END
$$;

-- Delete a guest whose conversations are locked, with all that is kept of them; return the events that say so. As with
-- `tell`, this is the last thing that a transaction does.
CREATE FUNCTION remove_guest(p_guest uuid) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_count integer;
    v_last  bigint;
    v_first bigint;
    v_gone  json;
BEGIN
    DELETE FROM raw_inbound AS r USING webhooks_of(p_guest) AS w
    WHERE r.channel = w.channel AND r.provider_id = w.provider_id;
    DELETE FROM events WHERE conversation_id IN (SELECT id FROM conversations WHERE guest_id = p_guest);
    SELECT count(*) INTO v_count FROM conversations WHERE guest_id = p_guest;
    UPDATE event_counter SET last = last + v_count RETURNING last INTO v_last;
    v_first := v_last - v_count + 1;
    INSERT INTO events (number, name, hotel, channel, conversation_id)
    SELECT v_first - 1 + row_number() OVER (ORDER BY id), 'conversation_gone', hotel, channel, id
    FROM conversations WHERE guest_id = p_guest;
    DELETE FROM guests WHERE id = p_guest;  -- addresses, conversations, messages, files, turns and effects go with it
    SELECT json_agg(json_build_array(number, hotel, channel, conversation_id) ORDER BY number) INTO v_gone
    FROM events WHERE number BETWEEN v_first AND v_last;
    RETURN coalesce(v_gone, '[]');
END
$$;

-- Erase the guest of a handle and leave a tombstone; NULL where there is none.
CREATE FUNCTION erase_guest(
    p_hotel text, p_channel text, p_handle text, p_by text, p_inner bytea, p_outer bytea
) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_guest uuid;
    v_at    timestamptz;
    v_marks text[];
BEGIN
    PERFORM pg_advisory_xact_lock(erasing_lock(p_hotel));
    SELECT guest_id INTO v_guest FROM addresses
    WHERE hotel = p_hotel AND channel = p_channel AND handle = p_handle;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM FROM conversations WHERE guest_id = v_guest ORDER BY id FOR UPDATE;
    v_at := clock_timestamp();
    v_marks := ARRAY(
        SELECT make_mark(p_inner, p_outer, 'address', p_hotel, channel, handle) FROM addresses WHERE guest_id = v_guest
        UNION
        SELECT make_mark(p_inner, p_outer, 'message', channel, provider_id) FROM webhooks_of(v_guest)
        ORDER BY 1
    );
    PERFORM bury(v_guest, p_hotel, v_at, p_by, v_marks);
    RETURN json_build_object(
        'guest_id', v_guest, 'hotel', p_hotel, 'erased_at', v_at, 'by', p_by, 'marks', v_marks,
        'gone', remove_guest(v_guest)
    );
END
$$;

-- Keep a tombstone of another time or place, and erase what a restored backup has brought back of its guest; NULL where
-- there is nothing.
CREATE FUNCTION erase_again(
    p_guest uuid, p_hotel text, p_at timestamptz, p_by text, p_marks text[], p_inner bytea, p_outer bytea
) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_aside integer;
BEGIN
    PERFORM pg_advisory_xact_lock(erasing_lock(p_hotel));
    PERFORM FROM conversations WHERE guest_id = p_guest ORDER BY id FOR UPDATE;
    PERFORM bury(p_guest, p_hotel, p_at, p_by, p_marks);
    DELETE FROM raw_inbound
    WHERE message_id IS NULL AND make_mark(p_inner, p_outer, 'message', channel, provider_id) = ANY (p_marks);
    GET DIAGNOSTICS v_aside = ROW_COUNT;
    IF v_aside = 0 AND NOT EXISTS (SELECT FROM guests WHERE id = p_guest) THEN
        RETURN NULL;
    END IF;
    RETURN json_build_object('gone', remove_guest(p_guest));
END
$$;
