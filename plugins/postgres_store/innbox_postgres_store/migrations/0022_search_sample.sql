-- Whether very many messages have a word is seen in some thousand of them. To count them, the index would be read for all
-- of them first, however few were asked for.

-- As in 0014.
CREATE OR REPLACE FUNCTION inbox_search(
    p_hotels text[], p_status text, p_handled_by text, p_before_at timestamptz, p_before_id uuid, p_limit integer,
    p_words tsquery, p_handle text, p_label_key text
) RETURNS TABLE (id uuid, last_at timestamptz)
LANGUAGE plpgsql STABLE ROWS 50 SET enable_seqscan = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_few      CONSTANT integer := 2000;
    v_sample   CONSTANT integer := 3000;
    v_all      real;
    v_found    integer;
    v_labelled integer;
    v_guests   uuid[];
BEGIN
    SELECT reltuples INTO v_all FROM pg_class WHERE oid = 'messages'::regclass;
    IF v_all > 2 * v_sample THEN
        SELECT v_all * count(*) / v_sample INTO v_found
        FROM messages AS m TABLESAMPLE SYSTEM (100 * v_sample / v_all) WHERE m.words @@ p_words;
    END IF;
    IF v_all <= 2 * v_sample OR v_found <= 2 * v_few THEN
        SELECT count(*) INTO v_found FROM (SELECT FROM messages AS m WHERE m.words @@ p_words LIMIT v_few + 1) AS found;
    END IF;
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
