-- Pages of the inbox, by key, newest first. These plan anew each time: which filters are given decides the plan.

-- Each hotel's index is walked from its newest conversation on, so a page costs the same however old the house is.
CREATE FUNCTION inbox_page(
    p_hotels text[], p_status text, p_handled_by text, p_before_at timestamptz, p_before_id uuid, p_limit integer
) RETURNS TABLE (id uuid, last_at timestamptz)
LANGUAGE plpgsql STABLE ROWS 50 SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    IF p_hotels IS NULL THEN
        RETURN QUERY
        SELECT c.id, c.last_at FROM conversations AS c
        WHERE (c.last_at, c.id) < (p_before_at, p_before_id)
          AND (p_status IS NULL OR c.status = p_status)
          AND (p_handled_by IS NULL OR c.handled_by = p_handled_by)
        ORDER BY c.last_at DESC, c.id DESC
        LIMIT p_limit;
    ELSE
        RETURN QUERY
        SELECT page.id, page.last_at
        FROM unnest(p_hotels) AS wanted (hotel)
        CROSS JOIN LATERAL (
            SELECT c.id, c.last_at FROM conversations AS c
            WHERE c.hotel = wanted.hotel
              AND (c.last_at, c.id) < (p_before_at, p_before_id)
              AND (p_status IS NULL OR c.status = p_status)
              AND (p_handled_by IS NULL OR c.handled_by = p_handled_by)
            ORDER BY c.last_at DESC, c.id DESC
            LIMIT p_limit
        ) AS page
        ORDER BY page.last_at DESC, page.id DESC
        LIMIT p_limit;
    END IF;
END
$$;

-- Conversations that have a guest's name, a handle or a message with the words of `p_words`. `p_handle` is the
-- beginning or the end of a handle (NULL: not searched). Two ways, for a word of 1,000,000 messages may be in ten of them or in
-- half: few are all collected and sorted; for many the conversations are walked from the newest on until the page is
-- full.
CREATE FUNCTION inbox_search(
    p_hotels text[], p_status text, p_handled_by text, p_before_at timestamptz, p_before_id uuid, p_limit integer,
    p_words tsquery, p_handle text
) RETURNS TABLE (id uuid, last_at timestamptz)
LANGUAGE plpgsql STABLE ROWS 50 SET enable_seqscan = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_few    CONSTANT integer := 2000;
    v_found  integer;
    v_guests uuid[];
BEGIN
    SELECT count(*) INTO v_found FROM (SELECT FROM messages AS m WHERE m.words @@ p_words LIMIT v_few + 1) AS found;
    v_guests := ARRAY(
        SELECT g.id FROM guests AS g WHERE to_tsvector('simple', coalesce(g.name, '')) @@ p_words
        UNION
        SELECT a.guest_id FROM addresses AS a WHERE a.handle LIKE p_handle || '%'
        UNION
        SELECT a.guest_id FROM addresses AS a WHERE reverse(a.handle) LIKE reverse(p_handle) || '%'
        LIMIT v_few
    );
    IF v_found <= v_few THEN
        RETURN QUERY
        WITH found AS (
            SELECT m.conversation_id FROM messages AS m WHERE m.words @@ p_words
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
              OR (SELECT true FROM messages AS m WHERE m.conversation_id = c.id AND m.words @@ p_words LIMIT 1)
          )
        ORDER BY c.last_at DESC, c.id DESC
        LIMIT p_limit;
    END IF;
END
$$;
