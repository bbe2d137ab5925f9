-- The desk's views: pages by key, and counts. They plan anew each time, as the pages of the inbox (0007) do.

-- The hotels that have conversations: one look at an index for each.
CREATE FUNCTION hotels_of_house() RETURNS text[] LANGUAGE sql STABLE AS $$
    WITH RECURSIVE found (hotel) AS (
        SELECT min(hotel) FROM conversations
        UNION ALL
        SELECT (SELECT min(c.hotel) FROM conversations AS c WHERE c.hotel > found.hotel)
        FROM found WHERE found.hotel IS NOT NULL
    )
    SELECT coalesce(array_agg(hotel), '{}') FROM found WHERE hotel IS NOT NULL
$$;

-- The drawer that a view shows; NULL for a view that looks into several.
CREATE FUNCTION drawer_of_view(p_view text, p_user text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_view
        WHEN 'mine' THEN '@' || p_user
        WHEN 'unassigned' THEN '@'
        WHEN 'bot' THEN 'bot'
        WHEN 'snoozed' THEN 'snoozed'
        WHEN 'resolved' THEN 'resolved'
    END
$$;

-- A page of a view, in its order: newest first or, of those that wait, the longest first; `at` is what they are ordered
-- by. Each hotel's index is walked from the position on. With a label that few have, those few are collected instead.
CREATE FUNCTION view_page(
    p_view text, p_user text, p_hotels text[], p_label text, p_at timestamptz, p_id uuid, p_limit integer
) RETURNS TABLE (id uuid, at timestamptz)
LANGUAGE plpgsql STABLE ROWS 50 SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_few    CONSTANT integer := 2000;
    v_hotels text[] := coalesce(p_hotels, hotels_of_house());
    v_drawer text := drawer_of_view(p_view, p_user);
    v_found  integer;
BEGIN
    IF p_label IS NOT NULL THEN
        SELECT count(*) INTO v_found FROM (
            SELECT FROM conversation_labels AS l WHERE l.hotel = ANY (v_hotels) AND l.label = p_label LIMIT v_few + 1
        ) AS found;
    END IF;
    IF v_found <= v_few THEN
        RETURN QUERY
        SELECT c.id, ordered.at
        FROM conversation_labels AS l
        JOIN conversations AS c ON c.id = l.conversation_id
        CROSS JOIN LATERAL (
            SELECT CASE p_view WHEN 'waiting' THEN c.unanswered_since ELSE c.last_at END AS at
        ) AS ordered
        WHERE l.hotel = ANY (v_hotels) AND l.label = p_label
          AND CASE p_view
              WHEN 'waiting' THEN c.status = 'open' AND (c.unanswered_since, c.id) > (p_at, p_id)
              WHEN 'urgent' THEN c.status = 'open' AND c.urgent_since IS NOT NULL AND (c.last_at, c.id) < (p_at, p_id)
              WHEN 'all' THEN c.status <> 'resolved' AND (c.last_at, c.id) < (p_at, p_id)
              ELSE drawer(c.status, c.handled_by, c.assignee) = v_drawer AND (c.last_at, c.id) < (p_at, p_id)
          END
        ORDER BY
            CASE p_view WHEN 'waiting' THEN ordered.at END, CASE p_view WHEN 'waiting' THEN c.id END,
            ordered.at DESC, c.id DESC
        LIMIT p_limit;
    ELSIF p_view = 'waiting' THEN
        RETURN QUERY
        SELECT page.id, page.at
        FROM unnest(v_hotels) AS wanted (hotel)
        CROSS JOIN LATERAL (
            SELECT c.id, c.unanswered_since AS at FROM conversations AS c
            WHERE c.hotel = wanted.hotel AND c.status = 'open' AND c.unanswered_since IS NOT NULL
              AND (c.unanswered_since, c.id) > (p_at, p_id)
              AND (p_label IS NULL OR c.labels @> ARRAY[p_label])
            ORDER BY c.unanswered_since, c.id
            LIMIT p_limit
        ) AS page
        ORDER BY page.at, page.id
        LIMIT p_limit;
    ELSIF p_view = 'urgent' THEN
        RETURN QUERY
        SELECT page.id, page.at
        FROM unnest(v_hotels) AS wanted (hotel)
        CROSS JOIN LATERAL (
            SELECT c.id, c.last_at AS at FROM conversations AS c
            WHERE c.hotel = wanted.hotel AND c.status = 'open' AND c.urgent_since IS NOT NULL
              AND (c.last_at, c.id) < (p_at, p_id)
              AND (p_label IS NULL OR c.labels @> ARRAY[p_label])
            ORDER BY c.last_at DESC, c.id DESC
            LIMIT p_limit
        ) AS page
        ORDER BY page.at DESC, page.id DESC
        LIMIT p_limit;
    ELSIF p_view = 'all' THEN
        RETURN QUERY
        SELECT page.id, page.at
        FROM unnest(v_hotels) AS wanted (hotel)
        CROSS JOIN LATERAL (
            SELECT c.id, c.last_at AS at FROM conversations AS c
            WHERE c.hotel = wanted.hotel AND c.status <> 'resolved'
              AND (c.last_at, c.id) < (p_at, p_id)
              AND (p_label IS NULL OR c.labels @> ARRAY[p_label])
            ORDER BY c.last_at DESC, c.id DESC
            LIMIT p_limit
        ) AS page
        ORDER BY page.at DESC, page.id DESC
        LIMIT p_limit;
    ELSE
        RETURN QUERY
        SELECT page.id, page.at
        FROM unnest(v_hotels) AS wanted (hotel)
        CROSS JOIN LATERAL (
            SELECT c.id, c.last_at AS at FROM conversations AS c
            WHERE c.hotel = wanted.hotel AND drawer(c.status, c.handled_by, c.assignee) = v_drawer
              AND (c.last_at, c.id) < (p_at, p_id)
              AND (p_label IS NULL OR c.labels @> ARRAY[p_label])
            ORDER BY c.last_at DESC, c.id DESC
            LIMIT p_limit
        ) AS page
        ORDER BY page.at DESC, page.id DESC
        LIMIT p_limit;
    END IF;
END
$$;

-- How many conversations each view has, `p_most` at most.
CREATE FUNCTION view_counts(p_user text, p_hotels text[], p_most integer) RETURNS json
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_hotels  text[] := coalesce(p_hotels, hotels_of_house());
    v_counts  json;
    v_waiting bigint;
    v_urgent  bigint;
BEGIN
    SELECT json_object_agg(wanted.view, (
        SELECT count(*) FROM (
            SELECT FROM unnest(v_hotels) AS one (hotel)
            JOIN conversations AS c
              ON c.hotel = one.hotel AND drawer(c.status, c.handled_by, c.assignee) = drawer_of_view(wanted.view, p_user)
            LIMIT p_most
        ) AS found
    ))
    INTO v_counts
    FROM (VALUES ('mine'), ('unassigned'), ('bot'), ('snoozed')) AS wanted (view);
    SELECT count(*) INTO v_waiting FROM (
        SELECT FROM conversations AS c
        WHERE c.hotel = ANY (v_hotels) AND c.status = 'open' AND c.unanswered_since IS NOT NULL
        LIMIT p_most
    ) AS found;
    SELECT count(*) INTO v_urgent FROM (
        SELECT FROM conversations AS c
        WHERE c.hotel = ANY (v_hotels) AND c.status = 'open' AND c.urgent_since IS NOT NULL
        LIMIT p_most
    ) AS found;
    RETURN (v_counts::jsonb || jsonb_build_object('waiting', v_waiting, 'urgent', v_urgent))::json;
END
$$;

-- The labels of the conversations at some hotels: one look at an index for each.
CREATE FUNCTION labels_at(p_hotels text[]) RETURNS text[] LANGUAGE sql STABLE AS $$
    WITH RECURSIVE found (hotel, label) AS (
        SELECT wanted.hotel, (SELECT min(l.label) FROM conversation_labels AS l WHERE l.hotel = wanted.hotel)
        FROM unnest(coalesce(p_hotels, hotels_of_house())) AS wanted (hotel)
        UNION ALL
        SELECT found.hotel, (
            SELECT min(l.label) FROM conversation_labels AS l WHERE l.hotel = found.hotel AND l.label > found.label
        )
        FROM found WHERE found.label IS NOT NULL
    )
    SELECT coalesce(array_agg(DISTINCT label), '{}') FROM found WHERE label IS NOT NULL
$$;

-- As in 0007; and conversations that have the label `p_label_key` (NULL: not searched), case aside.
CREATE FUNCTION inbox_search(
    p_hotels text[], p_status text, p_handled_by text, p_before_at timestamptz, p_before_id uuid, p_limit integer,
    p_words tsquery, p_handle text, p_label_key text
) RETURNS TABLE (id uuid, last_at timestamptz)
LANGUAGE plpgsql STABLE ROWS 50 SET enable_seqscan = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_few      CONSTANT integer := 2000;
    v_found    integer;
    v_labelled integer;
    v_guests   uuid[];
BEGIN
    SELECT count(*) INTO v_found FROM (SELECT FROM messages AS m WHERE m.words @@ p_words LIMIT v_few + 1) AS found;
    SELECT count(*) INTO v_labelled FROM (
        SELECT FROM conversation_labels AS l WHERE l.label_key = p_label_key LIMIT v_few + 1
    ) AS found;
    v_guests := ARRAY(
        SELECT g.id FROM guests AS g WHERE to_tsvector('simple', coalesce(g.name, '')) @@ p_words
        UNION
        SELECT a.guest_id FROM addresses AS a WHERE a.handle LIKE p_handle || '%'
        UNION
        SELECT a.guest_id FROM addresses AS a WHERE reverse(a.handle) LIKE reverse(p_handle) || '%'
        LIMIT v_few
    );
    IF v_found <= v_few AND v_labelled <= v_few THEN
        RETURN QUERY
        WITH found AS (
            SELECT m.conversation_id FROM messages AS m WHERE m.words @@ p_words
            UNION
            SELECT l.conversation_id FROM conversation_labels AS l WHERE l.label_key = p_label_key
            UNION
            SELECT c.id FROM conversations AS c WHERE c.guest_id = ANY (v_guests)
        )
        SELECT c.id, c.last_at FROM found JOIN conversations AS c ON c.id = found.conversation_id
        WHERE (c.last_at, c.id) < (p_before_at, p_before_id)
          AND (p_hotels IS NULL OR c.hotel = ANY (p_hotels))
          AND (p_status IS NULL OR c.status = p_status)
          AND (p_handled_by IS NULL OR c.handled_by = p_handled_by)
        ORDER BY c.last_at DESC, c.id DESC
        LIMIT p_limit;
    ELSE
        RETURN QUERY
        SELECT c.id, c.last_at FROM conversations AS c
        WHERE (c.last_at, c.id) < (p_before_at, p_before_id)
          AND (p_hotels IS NULL OR c.hotel = ANY (p_hotels))
          AND (p_status IS NULL OR c.status = p_status)
          AND (p_handled_by IS NULL OR c.handled_by = p_handled_by)
          AND (
              c.guest_id = ANY (v_guests)
              OR c.labels <> '{}' AND EXISTS (
                  SELECT FROM conversation_labels AS l WHERE l.conversation_id = c.id AND l.label_key = p_label_key
              )
              OR (SELECT true FROM messages AS m WHERE m.conversation_id = c.id AND m.words @@ p_words LIMIT 1)
          )
        ORDER BY c.last_at DESC, c.id DESC
        LIMIT p_limit;
    END IF;
END
$$;
