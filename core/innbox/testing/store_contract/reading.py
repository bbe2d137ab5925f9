"""What a store promises of its pages: in order, by key, within the hotels asked for, and no event ever skipped."""

import asyncio
import contextlib

import pytest

from innbox.errors import NotFound, Refused
from innbox.events import EventName
from innbox.ports import InboxQuery, Store
from innbox.testing.store_contract.scenes import (
    HOTEL,
    NO_IDS,
    OTHER_HOTEL,
    bot_message,
    deliver,
    guest_writes,
    texts_of,
)


async def listed(store: Store, query: InboxQuery) -> list[str]:
    return [conversation.id for conversation in (await store.inbox(query)).conversations]


class ReadingContract:
    """`inbox`, `history`, `events_since` and `last_event`."""

    # the inbox

    async def test_the_inbox_is_newest_first(self, store: Store) -> None:
        written = []
        for number in range(3):
            written.append((await guest_writes(store, handle=f"+35191100000{number}")).conversation.id)
            await asyncio.sleep(0.005)
        await guest_writes(store, "me again", handle="+351911000000")

        page = await store.inbox(InboxQuery())

        assert [conversation.id for conversation in page.conversations] == [written[0], written[2], written[1]]
        assert page.conversations[0].last_message is not None
        assert page.conversations[0].last_message.text == "me again"
        assert page.conversations[0] == await store.conversation(written[0])
        assert (page.next_cursor, page.last_event) == (None, await store.last_event())

    async def test_pages_follow_one_another_without_gap_or_repetition(self, store: Store) -> None:
        for number in range(5):
            await guest_writes(store, handle=f"+35191100000{number}")
        everything = await listed(store, InboxQuery())

        pages, cursor = [], None
        for _ in range(3):
            page = await store.inbox(InboxQuery(cursor=cursor, limit=2))
            pages.append([conversation.id for conversation in page.conversations])
            cursor = page.next_cursor

        assert [len(page) for page in pages] == [2, 2, 1]
        assert cursor is None
        assert [one for page in pages for one in page] == everything

    async def test_what_comes_between_two_pages_moves_nothing(self, store: Store) -> None:
        for number in range(4):
            await guest_writes(store, handle=f"+35191100000{number}")
        everything = await listed(store, InboxQuery())
        first = await store.inbox(InboxQuery(limit=2))

        await guest_writes(store, handle="+351911999999")

        assert await listed(store, InboxQuery(limit=2, cursor=first.next_cursor)) == everything[2:]

    async def test_a_page_that_ends_with_the_last_conversation_has_no_next(self, store: Store) -> None:
        for number in range(2):
            await guest_writes(store, handle=f"+35191100000{number}")

        assert (await store.inbox(InboxQuery(limit=2))).next_cursor is None

    async def test_a_cursor_that_is_none_harms_nobody(self, store: Store) -> None:
        await guest_writes(store)
        for cursor in ("nonsense", "'", "-1", "9" * 40):
            with contextlib.suppress(Refused):
                await store.inbox(InboxQuery(cursor=cursor))

    async def test_the_inbox_keeps_to_the_hotels_asked_for(self, store: Store) -> None:
        here = (await guest_writes(store)).conversation.id
        there = (await guest_writes(store, hotel=OTHER_HOTEL)).conversation.id

        assert await listed(store, InboxQuery(hotels=frozenset({HOTEL}))) == [here]
        assert await listed(store, InboxQuery(hotels=frozenset({OTHER_HOTEL}))) == [there]
        assert set(await listed(store, InboxQuery(hotels=frozenset({HOTEL, OTHER_HOTEL})))) == {here, there}
        assert await listed(store, InboxQuery(hotels=frozenset())) == []
        assert len(await listed(store, InboxQuery())) == 2

    async def test_the_inbox_is_filtered_by_status_and_hands(self, store: Store) -> None:
        bots = (await guest_writes(store, handle="+351911000001")).conversation.id
        staffs = (await guest_writes(store, handle="+351911000002")).conversation.id
        closed = (await guest_writes(store, handle="+351911000003")).conversation.id
        await store.take_over(staffs, "Ana")
        await store.resolve(closed)

        assert await listed(store, InboxQuery(status="resolved")) == [closed]
        assert set(await listed(store, InboxQuery(status="open"))) == {bots, staffs}
        assert await listed(store, InboxQuery(handled_by="staff")) == [staffs]
        assert await listed(store, InboxQuery(status="open", handled_by="bot")) == [bots]

    async def test_search_finds_name_handle_and_text(self, store: Store) -> None:
        rui = await guest_writes(store, "Is the sauna open?", handle="+351911000001", guest_name="Rui Silva")
        eva = await guest_writes(store, "A parking space, please", handle="+351922000002", guest_name="Eva Costa")
        await guest_writes(store, "Thank you", handle="+351911000001")

        for q in ("silva", "SAUNA", "Rui", "911000001"):
            assert await listed(store, InboxQuery(q=q)) == [rui.conversation.id], q
        for q in ("costa", "Parking", "+351922000002", "please"):
            assert await listed(store, InboxQuery(q=q)) == [eva.conversation.id], q
        assert await listed(store, InboxQuery(q="helicopter")) == []

    async def test_search_keeps_to_the_other_filters_and_pages(self, store: Store) -> None:
        for number in range(3):
            await guest_writes(store, "the sauna", handle=f"+35191100000{number}")
        there = await guest_writes(store, "the sauna", hotel=OTHER_HOTEL)

        assert await listed(store, InboxQuery(q="sauna", hotels=frozenset({OTHER_HOTEL}))) == [there.conversation.id]
        first = await store.inbox(InboxQuery(q="sauna", hotels=frozenset({HOTEL}), limit=2))
        rest = await store.inbox(InboxQuery(q="sauna", hotels=frozenset({HOTEL}), limit=2, cursor=first.next_cursor))
        assert (len(first.conversations), len(rest.conversations), rest.next_cursor) == (2, 1, None)

    async def test_search_finds_what_bot_and_staff_wrote(self, store: Store) -> None:
        message = await bot_message(store, "The terrace closes at midnight")
        await store.staff_note(message.conversation_id, "Ana", "Wants the penthouse", None)

        assert await listed(store, InboxQuery(q="midnight")) == [message.conversation_id]
        assert await listed(store, InboxQuery(q="penthouse")) == [message.conversation_id]

    @pytest.mark.parametrize("q", ['"', "'", "%", "_", "*", "a AND", "NEAR(", "(", "\\", "sauna:", "-", "&|!", "<->"])
    async def test_search_takes_any_characters_as_text(self, store: Store, q: str) -> None:
        await guest_writes(store, "the pool")

        assert await listed(store, InboxQuery(q=q)) == []

    # a conversation's messages

    async def test_history_pages_backwards_oldest_first(self, store: Store) -> None:
        for number in range(1, 6):
            conversation_id = (await guest_writes(store, str(number))).conversation.id

        newest = await store.history(conversation_id, None, 2)
        middle = await store.history(conversation_id, newest.next_before, 2)
        oldest = await store.history(conversation_id, middle.next_before, 2)

        assert [[m.text for m in page.messages] for page in (newest, middle, oldest)] == [["4", "5"], ["2", "3"], ["1"]]
        assert (newest.next_before, middle.next_before, oldest.next_before) == (4, 2, None)

    async def test_a_page_of_messages_says_whose_it_is_or_nothing(self, store: Store) -> None:
        conversation = (await guest_writes(store, hotel=OTHER_HOTEL)).conversation

        page = await store.history(conversation.id, None, 10)

        assert page.hotel in (OTHER_HOTEL, None)

    async def test_history_shows_notes(self, store: Store) -> None:
        taken = await guest_writes(store)
        await store.staff_note(taken.conversation.id, "Ana", "A regular guest", None)

        assert await texts_of(store, taken.conversation.id) == ["Hello", "A regular guest"]

    async def test_history_of_no_conversation_is_not_found(self, store: Store) -> None:
        for no_id in NO_IDS:
            with pytest.raises(NotFound):
                await store.history(no_id, None, 10)

    # events

    async def test_events_are_told_in_order_with_their_data_as_of_now(self, store: Store) -> None:
        message = await bot_message(store)
        await deliver(store, message.conversation_id)

        page = await store.events_since(0, None, 100)

        numbers = [event.number for event in page.events]
        assert numbers == sorted(set(numbers))
        assert numbers[-1] == page.last_event == await store.last_event()
        assert not page.more
        current, conversation = await store.message(message.id), await store.conversation(message.conversation_id)
        assert current is not None
        assert conversation is not None
        for event in page.events:
            if event.name is EventName.CONVERSATION_UPDATE:
                assert event.data == conversation.as_json()
            elif event.data["id"] == message.id:
                assert event.data == current.as_json()
        assert page.events[-1].name is EventName.MESSAGE_UPDATE

    async def test_live_events_have_the_numbers_of_the_log(self, store: Store) -> None:
        taken = await guest_writes(store)
        read = await store.mark_read(taken.conversation.id)

        page = await store.events_since(0, None, 100)

        told = [(event.number, event.name) for event in (*taken.events, *read.events)]
        assert told == [(event.number, event.name) for event in page.events]

    async def test_a_reader_goes_on_from_where_it_was(self, store: Store) -> None:
        await guest_writes(store)
        number = (await store.events_since(0, None, 100)).last_event
        assert (await store.events_since(number, None, 100)).events == ()

        taken = await guest_writes(store, "more")

        page = await store.events_since(number, None, 100)
        assert [event.number for event in page.events] == [event.number for event in taken.events]

    async def test_a_page_of_events_that_was_cut_says_so(self, store: Store) -> None:
        for number in range(3):
            await guest_writes(store, handle=f"+35191100000{number}")
        everything = [event.number for event in (await store.events_since(0, None, 100)).events]

        told: list[int] = []
        number, more = 0, True
        while more:
            page = await store.events_since(number, None, 2)
            assert len(page.events) <= 2
            told += [event.number for event in page.events]
            number, more = page.last_event, page.more

        assert told == everything

    async def test_events_keep_to_the_hotels_asked_for(self, store: Store) -> None:
        await guest_writes(store)
        there = await guest_writes(store, hotel=OTHER_HOTEL)
        await guest_writes(store)

        page = await store.events_since(0, frozenset({OTHER_HOTEL}), 100)

        assert [event.number for event in page.events] == [event.number for event in there.events]
        assert {event.hotel for event in page.events} == {OTHER_HOTEL}
        assert not page.more
        assert page.last_event == await store.last_event()
        assert (await store.events_since(0, frozenset(), 100)).events == ()

    async def test_before_the_first_event_there_is_none(self, store: Store) -> None:
        page = await store.events_since(0, None, 100)

        assert (page.events, page.last_event, page.more) == ((), 0, False)
        assert await store.last_event() == 0

    async def test_no_event_appears_behind_a_reader(self, store: Store, second_store: Store) -> None:
        """Two processes write while a third reads on and on: nobody's event comes out below a number already told."""
        told: list[int] = []

        async def write(writer: Store, line: int) -> None:
            for number in range(10):
                await guest_writes(writer, handle=f"+35191{line:03}{number:04}")

        async def read(writers: asyncio.Future[list[None]]) -> None:
            number, finished = 0, False
            while not finished:
                finished = writers.done()
                page = await store.events_since(number, None, 100)
                told.extend(event.number for event in page.events)
                number = page.last_event
                await asyncio.sleep(0)

        writers = asyncio.gather(*(write((store, second_store)[line % 2], line) for line in range(6)))
        await read(writers)
        await writers

        assert told == [event.number for event in (await store.events_since(0, None, 1000)).events]
        assert len(told) == 120
