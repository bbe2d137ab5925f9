"""Lists: made once for each state of the house, and never older than the last event."""

import json
from typing import Any

from innbox import InboxPage, InboxQuery, MemoryCache
from innbox_dashboard.lists import Lists


class House:
    """A store that counts how often it is asked for a page."""

    def __init__(self) -> None:
        self.event = 7
        self.asked = 0

    async def last_event(self) -> int:
        return self.event

    async def inbox(self, query: InboxQuery) -> InboxPage:
        self.asked += 1
        return InboxPage((), None, self.event)


def lists_of(house: Any) -> Lists:
    return Lists(house, MemoryCache())


async def test_a_page_is_made_once_while_nothing_happens() -> None:
    house = House()
    lists = lists_of(house)

    pages = [await lists.page(InboxQuery(status="open")) for _ in range(3)]

    assert house.asked == 1
    assert [json.loads(page)["last_event"] for page in pages] == [7, 7, 7]


async def test_after_an_event_it_is_made_anew() -> None:
    house = House()
    lists = lists_of(house)
    await lists.page(InboxQuery())

    house.event = 8

    assert json.loads(await lists.page(InboxQuery()))["last_event"] == 8
    assert house.asked == 2


async def test_other_questions_and_other_peoples_hotels_are_other_pages() -> None:
    house = House()
    lists = lists_of(house)

    for query in (
        InboxQuery(),
        InboxQuery(status="open"),
        InboxQuery(q="open"),
        InboxQuery(hotels=frozenset()),
        InboxQuery(hotels=frozenset({"miramar"})),
        InboxQuery(limit=10),
    ):
        await lists.page(query)

    assert house.asked == 6
