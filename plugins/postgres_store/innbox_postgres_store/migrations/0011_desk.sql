-- What staff work with at the desk: views, labels, snoozes, urgency, drafts of the bot's, scheduled and canned messages.

ALTER TABLE conversations
    ADD COLUMN snoozed_until          timestamptz,
    ADD COLUMN bot_mode               text CHECK (bot_mode IN ('auto', 'draft', 'off')),  -- NULL: as the hotel's
    ADD COLUMN bot_back_at            timestamptz,  -- when the bot has it again; only while staff have it
    ADD COLUMN scheduled_at           timestamptz,  -- when the next scheduled message leaves
    ADD COLUMN suggestion_id          uuid,         -- the bot's draft that waits for staff
    ADD COLUMN urgent_since           timestamptz,  -- NULL: not urgent, and nothing of the next four either
    ADD COLUMN urgent_words           text[],
    ADD COLUMN urgent_rings_for       text,         -- NULL: everybody
    ADD COLUMN urgent_acknowledged_by text,
    ADD COLUMN ring_at                timestamptz;  -- when it rings for the next person

ALTER TABLE guests ADD COLUMN opted_out_at timestamptz;

-- NOT VALID: no look at the rows that are there, which the old one held already.
ALTER TABLE turns
    DROP CONSTRAINT turns_ending_check,
    ADD CONSTRAINT turns_ending_check CHECK (ending IN ('reply', 'hand_over', 'no_reply', 'propose')) NOT VALID;

-- What the bot would have answered. The one that waits has no outcome; its id is in `conversations`.
CREATE TABLE suggestions (
    id              uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    turn_id         uuid NOT NULL,
    seq             integer NOT NULL,               -- of the newest guest message that it answers
    text            text NOT NULL,
    sources         jsonb NOT NULL DEFAULT '[]',
    made_at         timestamptz NOT NULL,
    outcome         text CHECK (outcome IN ('sent', 'dismissed', 'replaced', 'ended')),
    final_text      text,                           -- what staff sent instead
    settled_by      text,
    settled_at      timestamptz
);
CREATE INDEX suggestions_by_conversation ON suggestions (conversation_id, made_at);

-- Messages that leave at a time. They stay here when they have left or were called back, for their `client_id`.
CREATE TABLE scheduled_messages (
    id              uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    user_name       text NOT NULL,
    text            text NOT NULL,
    at              timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    seen_seq        integer NOT NULL,               -- the guest's newest message then
    client_id       text,
    ended_at        timestamptz                     -- when it left or was called back
);
CREATE UNIQUE INDEX scheduled_messages_by_client_id ON scheduled_messages (conversation_id, client_id)
WHERE client_id IS NOT NULL;
CREATE INDEX scheduled_messages_by_conversation ON scheduled_messages (conversation_id, at);
CREATE INDEX scheduled_messages_to_send ON scheduled_messages (at) WHERE ended_at IS NULL;

-- `shortcut_key` is the shortcut without regard to case.
CREATE TABLE canned_replies (
    id           uuid PRIMARY KEY,
    hotel        text NOT NULL,
    shortcut     text NOT NULL,
    shortcut_key text NOT NULL,
    text         text NOT NULL,
    UNIQUE (hotel, shortcut_key)
);

-- The labels in `conversations`, to be listed and found; `label_key` is the label without regard to case.
CREATE TABLE conversation_labels (
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    hotel           text NOT NULL,
    label           text NOT NULL,
    label_key       text NOT NULL,
    PRIMARY KEY (conversation_id, label)
);
CREATE INDEX conversation_labels_by_hotel ON conversation_labels (hotel, label, conversation_id);
CREATE INDEX conversation_labels_by_key ON conversation_labels (label_key, conversation_id);

-- The drawer that a conversation lies in: each is a view of the desk, those of staff one for each assignee.
CREATE FUNCTION drawer(p_status text, p_handled_by text, p_assignee text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_status <> 'open' THEN p_status WHEN p_handled_by = 'bot' THEN 'bot'
           ELSE '@' || coalesce(p_assignee, '') END
$$;

-- Views are walked by key, timers are few. No column here changes while a turn or a delivery is claimed, so that those
-- updates stay cheap (HOT).
CREATE INDEX conversations_by_drawer
    ON conversations (hotel, drawer(status, handled_by, assignee), last_at DESC, id DESC);
CREATE INDEX conversations_not_resolved ON conversations (hotel, last_at DESC, id DESC) WHERE status <> 'resolved';
CREATE INDEX conversations_waiting ON conversations (hotel, unanswered_since, id)
WHERE status = 'open' AND unanswered_since IS NOT NULL;
CREATE INDEX conversations_urgent ON conversations (hotel, last_at DESC, id DESC)
WHERE status = 'open' AND urgent_since IS NOT NULL;
CREATE INDEX conversations_to_wake ON conversations (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX conversations_to_give_back ON conversations (bot_back_at) WHERE bot_back_at IS NOT NULL;
CREATE INDEX conversations_to_ring ON conversations (ring_at) WHERE ring_at IS NOT NULL;

-- As in 0002; and what the desk keeps.
CREATE OR REPLACE VIEW conversation_facts AS
SELECT
    c.id, c.hotel, c.channel, c.guest_id,
    json_build_object(
        'id', c.id, 'hotel', c.hotel, 'channel', c.channel,
        'guest_id', c.guest_id, 'guest_name', g.name, 'handle', c.handle, 'language', g.language,
        'opted_out', g.opted_out_at IS NOT NULL,
        'status', c.status, 'handled_by', c.handled_by, 'epoch', c.epoch, 'assignee', c.assignee,
        'unread', c.unread, 'last_at', c.last_at, 'window_closes_at', c.window_closes_at, 'labels', c.labels,
        'waiting_since', c.unanswered_since, 'snoozed_until', c.snoozed_until, 'bot_mode', c.bot_mode,
        'bot_back_at', c.bot_back_at, 'scheduled_at', c.scheduled_at,
        'urgent_since', c.urgent_since, 'urgent_words', c.urgent_words, 'urgent_rings_for', c.urgent_rings_for,
        'urgent_acknowledged_by', c.urgent_acknowledged_by,
        'suggestion', CASE WHEN s.id IS NOT NULL THEN json_build_object(
            'id', s.id, 'text', s.text, 'seq', s.seq, 'turn_id', s.turn_id, 'sources', s.sources
        ) END,
        'last_message', m.facts
    ) AS facts
FROM conversations AS c
JOIN guests AS g ON g.id = c.guest_id
LEFT JOIN suggestions AS s ON s.id = c.suggestion_id
LEFT JOIN message_facts AS m ON m.conversation_id = c.id AND m.seq = c.last_seq;

-- Settle the suggestion of a locked conversation, where one waits.
CREATE FUNCTION settle_suggestion(p_conversation uuid, p_outcome text, p_by text, p_final text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE suggestions SET outcome = p_outcome, final_text = p_final, settled_by = p_by, settled_at = clock_timestamp()
    WHERE id = (SELECT suggestion_id FROM conversations WHERE id = p_conversation);
    UPDATE conversations SET suggestion_id = NULL WHERE id = p_conversation;
END
$$;

-- As in 0004; and a hand-over, or an answer of the bot's, ends a draft that waits.
CREATE OR REPLACE FUNCTION commit_turn(
    p_conversation uuid, p_turn uuid, p_fence bigint, p_epoch integer, p_last_seq integer,
    p_ending text, p_even_if_newer boolean, p_drafts jsonb, p_effects jsonb, p_record json
) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    c       conversations%ROWTYPE;
    v_now   timestamptz;
    v_added uuid[];
    v_newer timestamptz;
    v_outs  boolean;
BEGIN
    SELECT * INTO c FROM conversations WHERE id = p_conversation FOR NO KEY UPDATE;
    IF NOT FOUND OR c.answer_fence <> p_fence OR c.answer_turn IS DISTINCT FROM p_turn THEN
        RETURN json_build_object('verdict', 'fenced');
    END IF;
    IF c.epoch <> p_epoch OR c.handled_by <> 'bot' THEN
        UPDATE conversations SET answer_by = NULL, answer_turn = NULL WHERE id = c.id;
        RETURN json_build_object('verdict', 'hands', 'changed', tell(c.id, '{}', '{}', false));
    END IF;
    IF c.last_in_seq > p_last_seq AND p_ending = 'reply' AND NOT p_even_if_newer THEN
        UPDATE conversations SET answer_by = NULL, answer_turn = NULL, rethinks = rethinks + 1 WHERE id = c.id;
        RETURN json_build_object(
            'verdict', 'newer', 'answer_at', c.answer_at, 'changed', tell(c.id, '{}', '{}', false)
        );
    END IF;

    v_now := clock_timestamp();
    v_added := add_messages(c.id, c.channel, c.last_seq, v_now, p_drafts, NULL);
    v_outs := jsonb_path_exists(p_drafts, '$[*] ? (@.direction == "out")');
    IF c.last_in_seq > p_last_seq THEN
        SELECT created_at INTO v_newer FROM messages
        WHERE conversation_id = c.id AND direction = 'in' AND seq > p_last_seq
        ORDER BY seq
        LIMIT 1;
    END IF;
    INSERT INTO turns (id, conversation_id, ended_at, ending, epoch, last_seq, rethinks, tries, record)
    VALUES (p_turn, c.id, v_now, p_ending, p_epoch, p_last_seq, c.rethinks, c.tries, p_record);
    IF jsonb_array_length(p_effects) > 0 THEN
        INSERT INTO tool_effects (id, turn_id, tool, what, data, needs_approval, created_at)
        SELECT
            (e ->> 'id')::uuid, p_turn, e ->> 'tool', e ->> 'what', (e -> 'data')::json,
            (e ->> 'needs_approval')::boolean, v_now
        FROM jsonb_array_elements(p_effects) AS effect (e);
    END IF;
    IF p_ending IN ('reply', 'hand_over') THEN
        PERFORM settle_suggestion(c.id, 'ended', NULL, NULL) WHERE c.suggestion_id IS NOT NULL;
    END IF;

    UPDATE conversations SET
        answer_by = NULL, answer_turn = NULL, rethinks = 0, tries = 0,
        handled_by = CASE p_ending WHEN 'hand_over' THEN 'staff' ELSE 'bot' END,
        epoch = epoch + (p_ending = 'hand_over')::integer,
        assignee = NULL,
        -- after a hand-over nobody has answered yet: should staff give it back, the bot answers
        answered_seq = CASE p_ending WHEN 'hand_over' THEN answered_seq ELSE p_last_seq END,
        unanswered_since = CASE p_ending WHEN 'hand_over' THEN unanswered_since ELSE v_newer END,
        burst_since = CASE WHEN p_ending <> 'hand_over' THEN burst_since END,
        answer_at = CASE WHEN p_ending <> 'hand_over' AND v_newer IS NOT NULL THEN answer_at END,
        last_seq = last_seq + cardinality(v_added),
        last_at = CASE WHEN cardinality(v_added) > 0 THEN v_now ELSE last_at END,
        deliver_at = CASE WHEN v_outs THEN coalesce(deliver_at, v_now) ELSE deliver_at END
    WHERE id = c.id
    RETURNING * INTO c;
    RETURN json_build_object(
        'verdict', 'done', 'answer_at', c.answer_at, 'deliver', coalesce(c.deliver_at <= v_now, false),
        'changed', tell(c.id, '{}', v_added, true)
    );
END
$$;

-- As in 0009; and a snooze and a draft that waits are over. The bot has it back at no time, unless staff had it already.
CREATE OR REPLACE FUNCTION give_to_staff(p_conversation uuid, p_user text) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE
    v_cancelled uuid[];
    v_first     integer;
    v_head_seq  integer;
BEGIN
    WITH cancelled AS (
        UPDATE messages AS m SET status = 'cancelled'
        FROM outbox AS o
        WHERE o.conversation_id = p_conversation AND m.id = o.message_id
          AND m.author_kind = 'bot' AND m.status = 'pending'
        RETURNING m.id, m.seq
    )
    SELECT coalesce(array_agg(id ORDER BY seq), '{}'), min(seq) INTO v_cancelled, v_first FROM cancelled;
    DELETE FROM outbox WHERE conversation_id = p_conversation AND message_id = ANY (v_cancelled);
    -- one that is on its way may arrive, but is not begun again
    UPDATE messages AS m SET stopped = true
    FROM outbox AS o
    WHERE o.conversation_id = p_conversation AND m.id = o.message_id
      AND m.author_kind = 'bot' AND m.status IN ('sending', 'unknown');
    SELECT min(seq) INTO v_head_seq FROM outbox WHERE conversation_id = p_conversation AND NOT parked;
    PERFORM settle_suggestion(id, 'ended', p_user, NULL)
    FROM conversations WHERE id = p_conversation AND suggestion_id IS NOT NULL;

    UPDATE conversations SET
        handled_by = 'staff',
        epoch = epoch + (handled_by = 'bot')::integer,
        assignee = CASE status WHEN 'resolved' THEN p_user ELSE coalesce(assignee, p_user) END,
        status = 'open', snoozed_until = NULL,
        bot_back_at = CASE WHEN handled_by = 'staff' AND status = 'open' THEN bot_back_at END,
        answer_at = NULL, burst_since = NULL, rethinks = 0, tries = 0,
        answer_by = NULL, answer_turn = NULL, answer_fence = answer_fence + 1,
        deliver_at = CASE
            WHEN v_head_seq IS NULL THEN NULL
            WHEN v_first < v_head_seq THEN clock_timestamp()
            ELSE deliver_at
        END
    WHERE id = p_conversation;
    RETURN v_cancelled;
END
$$;
