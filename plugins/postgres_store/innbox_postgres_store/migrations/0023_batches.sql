-- Verbs that wait for the server together go to it together: one round trip and one flush for all of them.

-- The strings of a JSON array; NULL for what is none.
CREATE FUNCTION texts_of(p_array jsonb) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF jsonb_typeof(p_array) IS DISTINCT FROM 'array' THEN
        RETURN NULL;
    END IF;
    RETURN ARRAY(SELECT jsonb_array_elements_text(p_array));
END
$$;

-- Run verbs one after the other, each a transaction of its own, as their statements in queries.sql do. `p_arguments` are
-- their parameters, each verb's a JSON array. A result is `{"value": ...}`, or NULL where the verb failed or met a lock
-- that others hold: nothing of it is done, and it is to be called by itself.
-- No transaction waits for the disk but the last one, which all those before it are flushed with. So what a verb says is
-- told to the caller when it is safe, and others see it a moment earlier: `settled` is for those to whom that matters.
CREATE PROCEDURE run_batch(p_verbs text[], p_arguments text[], INOUT p_results json[])
LANGUAGE plpgsql AS $$
DECLARE
    a          jsonb;
    v          json;
    v_patience text := '50ms';
BEGIN
    p_results := array_fill(NULL::json, ARRAY[cardinality(p_verbs)]);
    FOR i IN 1 .. cardinality(p_verbs) LOOP
        BEGIN
            PERFORM set_config('lock_timeout', v_patience, true);
            a := p_arguments[i]::jsonb;
            CASE p_verbs[i]
            WHEN 'claim_turn' THEN
                v := claim_turn(a ->> 0, (a ->> 1)::uuid, (a ->> 2)::uuid, (a ->> 3)::integer);
            WHEN 'commit_turn' THEN
                v := commit_and_claim(
                    (a ->> 0)::uuid, (a ->> 1)::uuid, (a ->> 2)::bigint, (a ->> 3)::integer, (a ->> 4)::integer, a ->> 5,
                    (a ->> 6)::boolean, (a ->> 7)::jsonb, (a ->> 8)::jsonb, (a ->> 9)::json, a ->> 10, (a ->> 11)::uuid
                );
            WHEN 'settle_delivery' THEN
                v := settle_delivery(
                    (a ->> 0)::uuid, (a ->> 1)::uuid, (a ->> 2)::bigint, a ->> 3, (a ->> 4)::timestamptz,
                    (a ->> 5)::boolean, a ->> 6, a ->> 7, a ->> 8
                );
            WHEN 'claim_delivery' THEN
                v := claim_delivery(a ->> 0, (a ->> 1)::uuid, (a ->> 2)::uuid);
            WHEN 'report_status' THEN
                v := take_report(a ->> 0, (a ->> 1)::uuid, a ->> 2, a ->> 3, a ->> 4, a ->> 5);
            WHEN 'ingest' THEN
                IF is_kept_out(a ->> 0, a ->> 18, texts_of(a -> 19), (a ->> 11)::timestamptz) THEN
                    v := json_build_object('erased', true);
                ELSE
                    v := ingest_message(
                        a ->> 0, texts_of(a -> 1), texts_of(a -> 2), a ->> 3,
                        (a ->> 4)::uuid, (a ->> 5)::uuid, (a ->> 6)::uuid,
                        a ->> 7, (a ->> 8)::jsonb, a ->> 9, a ->> 10, (a ->> 11)::timestamptz, (a ->> 12)::json,
                        (a ->> 13)::json, make_interval(secs => (a ->> 14)::float8),
                        make_interval(secs => (a ->> 15)::float8), (a ->> 16)::boolean,
                        make_interval(secs => (a ->> 17)::float8),
                        texts_of(a -> 20), a ->> 21, make_interval(secs => (a ->> 22)::float8), (a ->> 23)::jsonb,
                        (a ->> 24)::boolean, (a ->> 25)::jsonb
                    );
                END IF;
            END CASE;
            p_results[i] := json_build_object('value', v);
        EXCEPTION
            WHEN lock_not_available THEN
                v_patience := '1ms';  -- whoever holds one may hold what all the others want, a hotel's lock
            WHEN OTHERS THEN
                NULL;
        END;
        PERFORM set_config('synchronous_commit', 'off', true);
        COMMIT;
    END LOOP;
    PERFORM pg_logical_emit_message(true, 'innbox', '');
    COMMIT;
END
$$;

-- Return true once all that this statement sees is on the disk: for the numbers of events, which a reader resumes from.
CREATE FUNCTION settled() RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn() THEN
        PERFORM pg_logical_emit_message(true, 'innbox', '');
    END IF;
    RETURN true;
END
$$;
