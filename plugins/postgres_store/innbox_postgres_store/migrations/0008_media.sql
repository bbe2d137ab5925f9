-- Files: what was fetched for an attachment.

-- Keep a file, or note that it cannot be had (`p_data` NULL): tried again at `p_again_at`, given up where that is NULL.
-- NULL where there is no such attachment.
CREATE FUNCTION save_media(
    p_message uuid, p_position integer, p_data bytea, p_content_type text, p_name text, p_url text,
    p_again_at timestamptz
) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_conversation uuid;
    v_attachment   jsonb;
BEGIN
    SELECT conversation_id INTO v_conversation FROM messages WHERE id = p_message;
    PERFORM FROM conversations WHERE id = v_conversation FOR NO KEY UPDATE;
    SELECT attachments -> p_position INTO v_attachment FROM messages WHERE id = p_message;
    IF v_attachment IS NULL THEN
        RETURN NULL;
    END IF;
    IF p_data IS NULL AND p_again_at IS NOT NULL THEN
        UPDATE media SET tries = tries + 1, again_at = p_again_at
        WHERE message_id = p_message AND position = p_position;
        RETURN tell(v_conversation, '{}', '{}', false);  -- staff see no difference
    END IF;

    INSERT INTO media (message_id, position, content_type, name, data)
    VALUES (p_message, p_position, p_content_type, p_name, p_data)
    ON CONFLICT (message_id, position) DO UPDATE SET
        again_at = NULL, tries = media.tries + 1,
        content_type = excluded.content_type, name = excluded.name, data = excluded.data;
    v_attachment := v_attachment || CASE
        WHEN p_data IS NULL THEN jsonb_build_object('state', 'failed')
        ELSE jsonb_strip_nulls(jsonb_build_object(
            'state', 'ready', 'url', p_url, 'content_type', p_content_type, 'name', p_name, 'size', length(p_data)
        ))
    END;
    UPDATE messages SET attachments = jsonb_set(attachments, ARRAY[p_position::text], v_attachment)
    WHERE id = p_message;
    RETURN tell(v_conversation, ARRAY[p_message], '{}', false);
END
$$;
