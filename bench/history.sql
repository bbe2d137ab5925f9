-- A house with a past: $1 conversations of ten messages each, written over the last years. Run as one transaction, with
-- the indexes of the search built at the end.
CREATE TEMPORARY TABLE past ON COMMIT DROP AS
SELECT
    n, gen_random_uuid() AS guest, gen_random_uuid() AS conversation,
    '+1999' || lpad(n::text, 8, '0') AS handle, clock_timestamp() - n * interval '10 seconds' AS last_at
FROM generate_series(1, %(conversations)s) AS n;

INSERT INTO guests (id, hotel, name) SELECT guest, 'bench', 'Guest ' || n FROM past;

INSERT INTO addresses (hotel, channel, handle, guest_id) SELECT 'bench', 'whatsapp', handle, guest FROM past;

INSERT INTO conversations (
    id, hotel, channel, guest_id, handle, handled_by, created_at, last_at, last_seq, last_in_seq, answered_seq
)
SELECT conversation, 'bench', 'whatsapp', guest, handle, 'bot', last_at - interval '1 hour', last_at, 10, 9, 9 FROM past;

INSERT INTO messages (
    id, conversation_id, seq, channel, direction, author_kind, author_name, text, created_at, status
)
SELECT
    gen_random_uuid(), p.conversation, m, 'whatsapp',
    CASE WHEN m %% 2 = 1 THEN 'in' ELSE 'out' END,
    CASE WHEN m %% 2 = 1 THEN 'guest' ELSE 'bot' END,
    CASE WHEN m %% 2 = 1 THEN 'Guest ' || p.n END,
    -- a word in every message, one in a thousand's part of them, one in a handful
    'Message ' || m || ' about breakfast, the pool and late checkout'
        || CASE WHEN p.n %% 1000 = 7 AND m = 3 THEN ' with a parrot' ELSE '' END
        || CASE WHEN p.n %% 20000 = 11 AND m = 5 THEN ' and a unicycle' ELSE '' END || '.',
    p.last_at - (10 - m) * interval '1 minute',
    CASE WHEN m %% 2 = 0 THEN 'read' END
FROM past AS p CROSS JOIN generate_series(1, 10) AS m;
