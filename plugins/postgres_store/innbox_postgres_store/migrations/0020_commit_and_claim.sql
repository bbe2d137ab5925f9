-- A turn's end and the claim on its delivery in one transaction: one round trip and one flush less for every reply.

-- End a turn as `commit_turn` does; where there is something to deliver now, claim it for `p_worker` (NULL: nobody).
CREATE FUNCTION commit_and_claim(
    p_conversation uuid, p_turn uuid, p_fence bigint, p_epoch integer, p_last_seq integer,
    p_ending text, p_even_if_newer boolean, p_drafts jsonb, p_effects jsonb, p_record json,
    p_worker text, p_token uuid
) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_committed json := commit_turn(
        p_conversation, p_turn, p_fence, p_epoch, p_last_seq, p_ending, p_even_if_newer, p_drafts, p_effects, p_record
    );
    v_delivery  json;
BEGIN
    IF p_worker IS NOT NULL AND (v_committed ->> 'deliver')::boolean THEN
        v_delivery := claim_delivery(p_worker, p_conversation, p_token);
    END IF;
    RETURN json_build_object('committed', v_committed, 'delivery', v_delivery);
END
$$;
