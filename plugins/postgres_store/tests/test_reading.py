"""Search, and plans that stay cheap when the house grows old."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from innbox import MOST_COUNTED, Inbound, InboxQuery, IngestRules, Refused, View, ViewQuery
from innbox_postgres_store.reading import handle, words
from innbox_postgres_store.store import DatabaseStore

RULES = IngestRules(0, 0)
Says = Callable[..., Inbound]
Sql = psycopg.Connection[tuple[Any, ...]]

CROWD = """
INSERT INTO guests (id, hotel, name)
SELECT gen_random_uuid(), 'miramar', 'Guest ' || i FROM generate_series(1, 3000) AS i;
INSERT INTO conversations (id, hotel, channel, guest_id, handle, handled_by, created_at, last_at, last_seq)
SELECT gen_random_uuid(), 'miramar', 'whatsapp', id, name, 'bot', now(), now() - random() * interval '9 days', 1
FROM guests;
INSERT INTO messages (id, conversation_id, seq, channel, direction, author_kind, text, created_at)
SELECT gen_random_uuid(), id, 1, 'whatsapp', 'in', 'guest', 'the pool', last_at FROM conversations;
ANALYZE guests, conversations, messages;
"""

MIXED = """
UPDATE conversations SET
    status = CASE WHEN random() < 0.8 THEN 'resolved' ELSE 'open' END,
    handled_by = CASE WHEN random() < 0.5 THEN 'staff' ELSE 'bot' END,
    assignee = CASE WHEN random() < 0.5 THEN 'Ana' END,
    unanswered_since = CASE WHEN random() < 0.5 THEN last_at END,
    urgent_since = CASE WHEN random() < 0.1 THEN last_at END,
    bot_back_at = CASE WHEN random() < 0.1 THEN now() + interval '1 hour' END;
UPDATE conversations SET urgent_words = '{fire}' WHERE urgent_since IS NOT NULL;
"""
SOME = "WHERE right(id::text, 1) = '0'"
TIMER = "least(snoozed_until, bot_back_at, ring_at)"
BEHIND = "AND (last_at, id) < (now(), gen_random_uuid()) ORDER BY last_at DESC, id DESC LIMIT 50"


def test_words_are_quoted_and_the_last_one_may_go_on() -> None:
    assert words("late check") == "'late' & 'check':*"
    assert words("o'hara\\") == "'o''hara\\\\':*"
    assert len(words("a " * 99).split(" & ")) == 12


@pytest.mark.parametrize(
    ("q", "expected"),
    [("+351 911 222", "+351911222"), ("911", None), ("100%", None), ("a_b_c", "a\\_b\\_c"), ("", None)],
)
def test_what_may_be_a_handle_is_searched_as_one(q: str, expected: str | None) -> None:
    assert handle(q) == expected


@pytest.mark.parametrize("cursor", ["x", "2026-01-01~x", "2026-01-01T00:00:00~" + "0" * 32, "~"])
async def test_a_cursor_of_no_page_is_refused(store: DatabaseStore, cursor: str) -> None:
    with pytest.raises(Refused):
        await store.inbox(InboxQuery(cursor=cursor))


async def test_search_finds_the_beginning_of_the_last_word(store: DatabaseStore, says: Says) -> None:
    taken = await store.ingest(says("A late breakfast, please"), RULES)

    for q in ("breakf", "late break", "LATE", "late, breakfast"):
        assert [one.id for one in (await store.inbox(InboxQuery(q=q))).conversations] == [taken.conversation.id], q
    assert (await store.inbox(InboxQuery(q="lat breakfast"))).conversations == ()


async def test_search_finds_a_number_as_people_write_it(store: DatabaseStore, says: Says) -> None:
    taken = await store.ingest(says(handle="+351911222333"), RULES)

    for q in ("+351 911 222 333", "911222333", "+35191", "2333"):
        assert [one.id for one in (await store.inbox(InboxQuery(q=q))).conversations] == [taken.conversation.id], q


async def test_a_word_of_every_message_is_found_from_the_newest_on(store: DatabaseStore, says: Says, sql: Sql) -> None:
    """More matches than are worth sorting: the other way through the same search gives the same pages."""
    sql.execute(CROWD)
    (newest,) = (await store.inbox(InboxQuery(limit=1))).conversations

    first = await store.inbox(InboxQuery(q="pool", limit=50))
    second = await store.inbox(InboxQuery(q="pool", limit=50, cursor=first.next_cursor))
    plain = await store.inbox(InboxQuery(limit=100))

    assert first.conversations[0].id == newest.id
    assert [*first.conversations, *second.conversations] == list(plain.conversations)
    rare = await store.inbox(InboxQuery(q="2718"))
    assert [one.guest.name for one in rare.conversations] == ["Guest 2718"]


async def test_pages_and_what_is_due_are_read_from_indexes(store: DatabaseStore, sql: Sql) -> None:
    sql.execute(CROWD)
    sql.execute(MIXED)
    plans = {
        "conversations_by_time": "SELECT id FROM conversations ORDER BY last_at DESC, id DESC LIMIT 50",
        "conversations_by_hotel": "SELECT id FROM conversations WHERE hotel = 'miramar' AND (last_at, id) < (now(), "
        "gen_random_uuid()) ORDER BY last_at DESC, id DESC LIMIT 50",
        "conversations_to_answer": "SELECT id FROM conversations WHERE answer_at <= now() ORDER BY answer_at",
        "conversations_to_deliver": "SELECT id FROM conversations WHERE deliver_at <= now() ORDER BY deliver_at",
        "conversations_by_drawer": "SELECT id FROM conversations WHERE hotel = 'miramar' "
        f"AND drawer(status, handled_by, assignee) = '@Ana' {BEHIND}",
        "conversations_not_resolved": f"SELECT id FROM conversations WHERE hotel = 'miramar' AND status <> 'resolved' "
        f"{BEHIND}",
        "conversations_urgent": f"SELECT id FROM conversations WHERE hotel = 'miramar' AND status = 'open' "
        f"AND urgent_since IS NOT NULL {BEHIND}",
        "conversations_waiting": "SELECT id FROM conversations WHERE hotel = 'miramar' AND status = 'open' "
        "AND unanswered_since IS NOT NULL AND (unanswered_since, id) > ('-infinity', gen_random_uuid()) "
        "ORDER BY unanswered_since, id LIMIT 50",
        "conversations_with_timer": f"SELECT id FROM conversations WHERE {TIMER} <= now() ORDER BY {TIMER} LIMIT 50",
        "messages_by_words": "SELECT id FROM messages WHERE words @@ to_tsquery('simple', 'sauna')",
    }
    sql.execute("VACUUM ANALYZE conversations")
    sql.execute("VACUUM ANALYZE messages")  # a new index's waiting list makes it look dearer than it is
    for index, query in plans.items():
        plan = "\n".join(row[0] for row in sql.execute(f"EXPLAIN {query}").fetchall())
        assert index in plan, plan
        assert "Sort" not in plan, plan


@pytest.mark.parametrize("hotels", [None, frozenset({"miramar"})], ids=["all hotels", "one hotel"])
async def test_a_view_pages_alike_for_a_label_of_many_and_of_few(
    store: DatabaseStore, sql: Sql, hotels: frozenset[str] | None
) -> None:
    """Two ways through one view, as with the search: few are collected, many are walked."""
    sql.execute(CROWD)
    sql.execute(MIXED)
    sql.execute("UPDATE conversations SET labels = '{many}'; UPDATE conversations SET labels = '{many,few}' " + SOME)
    sql.execute("INSERT INTO conversation_labels SELECT id, hotel, unnest(labels), unnest(labels) FROM conversations")

    for view in View:
        whole = [one.id for one in (await store.view(ViewQuery(view, "Ana", hotels, limit=5000))).conversations]
        few = {row[0] for row in sql.execute("SELECT id::text FROM conversations " + SOME).fetchall()}
        for label, expected in (("many", whole), ("few", [one for one in whole if one in few])):
            found: list[str] = []
            cursor: str | None = None
            while cursor or not found:
                page = await store.view(ViewQuery(view, "Ana", hotels, label, cursor, 400))
                found += [one.id for one in page.conversations]
                cursor = page.next_cursor
                if cursor is None:
                    break
            assert found == expected, (view, label)


async def test_counts_go_no_further_than_staff_need_to_know(store: DatabaseStore, sql: Sql) -> None:
    sql.execute(CROWD)

    for hotels in (None, frozenset({"miramar"})):
        counts = await store.view_counts("Ana", hotels)
        assert (counts["bot"], counts["mine"]) == (MOST_COUNTED, 0)
