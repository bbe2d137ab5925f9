"""What a store promises of the desk's views: what is in each, in order, by key, within the hotels asked for."""

import asyncio
from typing import Any

import pytest

from innbox.desk import View, ViewQuery
from innbox.errors import Refused
from innbox.ports import InboxQuery
from innbox.testing.store_contract.desk_hands import FIRE, fire
from innbox.testing.store_contract.scenes import (
    CHANNEL,
    HOTEL,
    OTHER_HOTEL,
    DeskStore,
    bot_answers,
    guest_writes,
    soon,
    staff_draft,
)

BOTH = frozenset({HOTEL, OTHER_HOTEL})
NONE_COUNTED = {"mine": 0, "unassigned": 0, "bot": 0, "waiting": 0, "urgent": 0, "snoozed": 0}


async def viewed(store: DeskStore, view: View, user: str = "Ana", **more: Any) -> list[str]:
    page = await store.view(ViewQuery(view, user, **more))
    return [conversation.id for conversation in page.conversations]


async def talk(store: DeskStore, number: int = 0, **more: Any) -> str:
    """Let the guest with a number write; return the conversation."""
    return (await guest_writes(store, handle=f"+3519110000{number:02}", **more)).conversation.id


async def fill(store: DeskStore, view: View, number: int, hotel: str = HOTEL) -> str:
    """Bring a new conversation into a view of Ana's."""
    rules = {"rules": FIRE} if view is View.URGENT else {}
    conversation_id = await talk(store, number, hotel=hotel, **rules)
    match view:
        case View.MINE:
            await store.assign(conversation_id, "Ana")
        case View.UNASSIGNED:
            await store.assign(conversation_id, None)
        case View.SNOOZED:
            await store.snooze(conversation_id, soon())
        case View.RESOLVED:
            await store.resolve(conversation_id)
    await asyncio.sleep(0.002)
    return conversation_id


class ViewsContract:
    """`view`, `view_counts`, `labels`, and the search for labels."""

    async def test_each_view_holds_what_its_name_says(self, store: DeskStore) -> None:
        bots = await talk(store, 1)
        answered = (await bot_answers(store, handle="+351911000002")).conversation
        assert answered is not None
        mine, colleagues, nobodys = [await talk(store, number) for number in (3, 4, 5)]
        await store.staff_message(mine, "Ana", [staff_draft("Hi")], None)
        await store.assign(colleagues, "Bo")
        await store.assign(nobodys, None)
        urgent = (await fire(store, handle="+351911000006")).conversation.id
        snoozed = await fill(store, View.SNOOZED, 7)
        resolved = await fill(store, View.RESOLVED, 8)

        expected = {
            View.MINE: [mine],
            View.UNASSIGNED: [urgent, nobodys],
            View.BOT: [answered.id, bots],
            View.WAITING: [bots, colleagues, nobodys, urgent],
            View.URGENT: [urgent],
            View.SNOOZED: [snoozed],
            View.RESOLVED: [resolved],
            View.ALL: [snoozed, urgent, mine, nobodys, colleagues, answered.id, bots],
        }
        found = {view: await viewed(store, view) for view in View}

        assert {view: sorted(ids) for view, ids in found.items()} == {
            view: sorted(ids) for view, ids in expected.items()
        }
        assert found[View.WAITING] == expected[View.WAITING], "the longest first"
        assert await store.view_counts("Ana", None) == {
            "mine": 1,
            "unassigned": 2,
            "bot": 2,
            "waiting": 4,
            "urgent": 1,
            "snoozed": 1,
        }
        assert await viewed(store, View.MINE, "Bo") == [colleagues]
        assert await viewed(store, View.MINE, "Nobody") == []

    async def test_a_view_shows_whole_conversations_and_a_number_to_go_on_from(self, store: DeskStore) -> None:
        conversation_id = await talk(store)

        page = await store.view(ViewQuery(View.BOT, "Ana"))

        assert page.conversations == (await store.conversation(conversation_id),)
        assert (page.next_cursor, page.last_event) == (None, await store.last_event())

    @pytest.mark.parametrize("view", View)
    async def test_pages_of_a_view_follow_one_another_in_its_order(self, store: DeskStore, view: View) -> None:
        """Over two hotels, so that their pages are merged."""
        filled = [await fill(store, view, number, (HOTEL, OTHER_HOTEL)[number % 2]) for number in range(5)]
        expected = filled if view is View.WAITING else filled[::-1]

        for hotels in (None, BOTH):
            pages, cursor = [], None
            for _ in range(3):
                page = await store.view(ViewQuery(view, "Ana", hotels, cursor=cursor, limit=2))
                pages.append([conversation.id for conversation in page.conversations])
                cursor = page.next_cursor

            assert pages == [expected[:2], expected[2:4], expected[4:]]
            assert cursor is None

    async def test_what_comes_between_two_pages_moves_nothing(self, store: DeskStore) -> None:
        filled = [await fill(store, View.BOT, number) for number in range(4)]
        first = await store.view(ViewQuery(View.BOT, "Ana", limit=2))

        await fill(store, View.BOT, 5)

        assert await viewed(store, View.BOT, limit=2, cursor=first.next_cursor) == filled[1::-1]

    @pytest.mark.parametrize("view", View)
    async def test_a_view_keeps_to_the_hotels_asked_for(self, store: DeskStore, view: View) -> None:
        here = await fill(store, view, 1)
        there = await fill(store, view, 2, OTHER_HOTEL)

        assert await viewed(store, view, hotels=frozenset({HOTEL})) == [here]
        assert await viewed(store, view, hotels=frozenset({OTHER_HOTEL})) == [there]
        assert set(await viewed(store, view, hotels=BOTH)) == {here, there}
        assert await viewed(store, view, hotels=frozenset()) == []
        if view.value in NONE_COUNTED:
            counts = [await store.view_counts("Ana", hotels) for hotels in (None, frozenset({HOTEL}), frozenset())]
            assert [count[view.value] for count in counts] == [2, 1, 0]

    @pytest.mark.parametrize("cursor", ["nonsense", "", "waiting", "bot~x~y", "bot.1.2", "~~", "9" * 40])
    async def test_a_cursor_of_no_page_is_refused(self, store: DeskStore, cursor: str) -> None:
        await talk(store)

        with pytest.raises(Refused):
            await store.view(ViewQuery(View.BOT, "Ana", cursor=cursor))

    async def test_a_cursor_of_another_view_is_refused(self, store: DeskStore) -> None:
        for number in range(2):
            await fill(store, View.UNASSIGNED, number)
        cursors = [
            (await store.view(ViewQuery(View.UNASSIGNED, "Ana", limit=1))).next_cursor,
            (await store.inbox(InboxQuery(limit=1))).next_cursor,
        ]
        for cursor in cursors:
            assert cursor is not None
            for view in (View.MINE, View.ALL, View.WAITING):
                with pytest.raises(Refused):
                    await store.view(ViewQuery(view, "Ana", cursor=cursor))

    async def test_nothing_is_counted_in_an_empty_house(self, store: DeskStore) -> None:
        assert await store.view_counts("Ana", None) == NONE_COUNTED

    # labels

    async def test_a_view_may_show_those_with_a_label_alone(self, store: DeskStore) -> None:
        filled = [await fill(store, View.BOT, number) for number in range(4)]
        for conversation_id in filled[:3]:
            await store.set_labels(conversation_id, ["vip", "late"])
        await store.set_labels(filled[1], ["late"])

        assert await viewed(store, View.BOT, label="vip") == [filled[2], filled[0]]
        assert await viewed(store, View.WAITING, label="vip") == [filled[0], filled[2]]
        assert await viewed(store, View.ALL, label="late") == filled[2::-1]
        for view, label in ((View.URGENT, "vip"), (View.MINE, "vip"), (View.BOT, "VIP"), (View.BOT, "v")):
            assert await viewed(store, view, label=label) == []
        page = await store.view(ViewQuery(View.WAITING, "Ana", label="late", limit=2))
        assert await viewed(store, View.WAITING, label="late", limit=2, cursor=page.next_cursor) == filled[2:3]

    async def test_the_labels_of_a_house_are_sorted(self, store: DeskStore) -> None:
        first, second = await talk(store, 1), await talk(store, 2)
        there = await talk(store, 3, hotel=OTHER_HOTEL)
        await store.set_labels(first, ["vip", "late arrival"])
        await store.set_labels(second, ["vip", "Ärger"])
        await store.set_labels(there, ["allergy"])

        assert list(await store.labels(None)) == ["allergy", "late arrival", "vip", "Ärger"]
        assert list(await store.labels(frozenset({HOTEL}))) == ["late arrival", "vip", "Ärger"]
        assert list(await store.labels(frozenset())) == []

        await store.set_labels(first, [])
        await store.erase_guest(OTHER_HOTEL, CHANNEL, "+351911000003", "Ana")

        assert list(await store.labels(None)) == ["vip", "Ärger"]

    async def test_search_finds_a_whole_label_case_aside(self, store: DeskStore) -> None:
        labelled, other = await talk(store, 1), await talk(store, 2)
        await store.set_labels(labelled, ["Late Arrival", "STRASSE"])
        await store.set_labels(other, ["Late"])

        async def found(**more: Any) -> list[str]:
            return [conversation.id for conversation in (await store.inbox(InboxQuery(**more))).conversations]

        for q in ("late arrival", " LATE ARRIVAL ", "straße"):
            assert await found(q=q) == [labelled], q
        assert await found(q="late") == [other]
        for q in ("arrival", "late arr"):
            assert await found(q=q) == [], q
        assert await found(q="late", status="resolved") == []
        assert await found(q="late", hotels=frozenset({OTHER_HOTEL})) == []
