"""The guests' socket, over a real server."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import socketio

from innbox import AuthorKind, DeliveryStatus, Direction, HandledBy
from innbox_webchat.namespace import MAX_CLIENT_ID_CHARS

OpenTab = Callable[..., Awaitable[Any]]


# coming in


async def test_a_new_guest_is_welcomed_and_leaves_no_trace(served: Any, open_tab: OpenTab) -> None:
    tab = await open_tab(served)

    (welcome,) = tab.all("welcome")
    assert welcome["token"]
    assert welcome["messages"] == []
    assert served.store.conversations == {}


@pytest.mark.parametrize(
    "auth", [{"hotel": "nowhere"}, {}, {"hotel": ["miramar"]}, {"hotel": None}, ["miramar"], "miramar"]
)
async def test_an_unknown_hotel_is_refused(served: Any, open_tab: OpenTab, auth: Any) -> None:
    tab = await open_tab(served, wait=False, auth=auth)

    async with asyncio.timeout(5):
        while tab.refusal is None:
            await asyncio.sleep(0.01)

    assert tab.refusal["message"] == "There is no such hotel."
    assert tab.refusal["data"]["code"] == "unknown_hotel"


async def test_the_token_brings_back_what_was_said(served: Any, open_tab: OpenTab) -> None:
    first = await open_tab(served)
    await first.writes("Is there a pool?")
    await served.says(served.conversation(first.handle), "Yes, on the roof.")

    second = await open_tab(served, token=first.token)

    (welcome,) = second.all("welcome")
    assert welcome["token"] == first.token
    assert [message["text"] for message in welcome["messages"]] == ["Is there a pool?", "Yes, on the roof."]


@pytest.mark.parametrize("token", ["rubbish", "", None, 5, "miramar:stolen.aaaa.bbbb"])
async def test_a_bad_token_gets_a_new_one(served: Any, open_tab: OpenTab, token: Any) -> None:
    tab = await open_tab(served, token=token)

    assert tab.token not in (token, "")
    assert tab.all("welcome")[0]["messages"] == []


async def test_another_hotels_token_shows_nothing(served: Any, open_tab: OpenTab) -> None:
    first = await open_tab(served)
    await first.writes("Hello")

    second = await open_tab(served, hotel="odd", token=first.token)

    assert second.all("welcome")[0]["messages"] == []
    assert second.handle != first.handle


async def test_the_welcome_leaves_out_what_guests_must_not_see(served: Any, open_tab: OpenTab) -> None:
    first = await open_tab(served)
    await first.writes("Hello")
    conversation, add = served.only_conversation, served.store.add
    add(conversation, Direction.NOTE, AuthorKind.STAFF, "a difficult guest")
    for status in (DeliveryStatus.PENDING, DeliveryStatus.FAILED, DeliveryStatus.CANCELLED):
        add(conversation, Direction.OUT, AuthorKind.BOT, status.value, status=status)
    add(conversation, Direction.OUT, AuthorKind.STAFF, "Good evening", status=DeliveryStatus.DELIVERED)

    second = await open_tab(served, token=first.token)

    (welcome,) = second.all("welcome")
    assert [message["text"] for message in welcome["messages"]] == ["Hello", "Good evening"]
    assert "ana" not in str(welcome)


async def test_with_the_store_away_a_returning_guest_is_asked_to_try_again(served: Any, open_tab: OpenTab) -> None:
    first = await open_tab(served)
    served.store.away = True

    with pytest.raises(socketio.exceptions.ConnectionError):
        await open_tab(served, token=first.token)


async def test_an_address_that_brings_too_many_guests_is_refused(make_house: Any, open_tab: OpenTab) -> None:
    house = make_house(new_guests_per_hour_per_address=2)
    async with house.serving():
        first = await open_tab(house)
        await open_tab(house)

        with pytest.raises(socketio.exceptions.ConnectionError):
            await open_tab(house)
        again = await open_tab(house, token=first.token)

    assert again.handle == first.handle


# writing


async def test_a_message_is_stored_acknowledged_and_told_once(served: Any, open_tab: OpenTab) -> None:
    tab = await open_tab(served, language="pt-BR")

    answer = await tab.writes("  Há estacionamento?  ", "c-1")
    await tab.quiet()

    assert answer["ok"] is True
    assert answer["message"]["text"] == "Há estacionamento?"
    assert answer["message"]["client_id"] == "c-1"
    assert tab.all("new_message") == [answer["message"]]
    (inbound,) = served.inbound
    assert inbound.hotel == "miramar"
    assert inbound.address.channel == "webchat"
    assert inbound.provider_id == f"{tab.handle}:c-1"
    assert inbound.language == "pt"


async def test_all_tabs_of_a_guest_see_each_message_once_and_nobody_else_does(served: Any, open_tab: OpenTab) -> None:
    first = await open_tab(served)
    second = await open_tab(served, token=first.token)
    stranger = await open_tab(served)

    await first.writes("Hello")
    await served.says(served.conversation(first.handle), "Good evening")

    for tab in (first, second):
        await tab.hears("new_message", 2)
        await tab.quiet()
        assert [message["text"] for message in tab.all("new_message")] == ["Hello", "Good evening"]
    await stranger.quiet()
    assert stranger.all("new_message") == []


async def test_a_client_id_seen_before_sends_nothing_and_is_answered_alike(served: Any, open_tab: OpenTab) -> None:
    tab = await open_tab(served)

    first = await tab.writes("Hello", "c-1")
    second = await tab.writes("Hello", "c-1")
    await tab.quiet()

    assert second == first
    assert len(tab.all("new_message")) == 1
    assert len(served.store.messages[served.only_conversation.id]) == 1


async def test_two_guests_may_use_the_same_client_id(served: Any, open_tab: OpenTab) -> None:
    one, two = await open_tab(served), await open_tab(served)

    first, second = await one.writes("One", "1"), await two.writes("Two", "1")

    assert first["message"]["id"] != second["message"]["id"]


async def test_the_bots_answer_is_announced(served: Any, open_tab: OpenTab) -> None:
    tab = await open_tab(served)

    await tab.writes("Hello")

    assert await tab.hears("typing") == [{"author": "bot"}]


async def test_nothing_is_announced_where_staff_answer(served: Any, open_tab: OpenTab) -> None:
    served.handled_by = HandledBy.STAFF
    tab = await open_tab(served)

    await tab.writes("Hello")
    await tab.quiet()

    assert tab.all("typing") == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"client_id": "1"}, "invalid"),
        ({"text": 5, "client_id": "1"}, "invalid"),
        ({"text": None, "client_id": "1"}, "invalid"),
        ({"text": ["Hello"], "client_id": "1"}, "invalid"),
        ({"text": "Hello"}, "invalid"),
        ({"text": "Hello", "client_id": 1}, "invalid"),
        ({"text": "Hello", "client_id": ""}, "invalid"),
        ({"text": "Hello", "client_id": "a\x00b"}, "invalid"),
        ({"text": "Hello", "client_id": "x" * (MAX_CLIENT_ID_CHARS + 1)}, "invalid"),
        ({"text": "", "client_id": "1"}, "empty"),
        ({"text": " \n\t ", "client_id": "1"}, "empty"),
        ({"text": "\u200b\u2060", "client_id": "1"}, "empty"),
        ({"text": "x" * 2001, "client_id": "1"}, "too_long"),
        ("Hello", "invalid"),
        ([1, 2], "invalid"),
        (None, "invalid"),
    ],
)
async def test_a_bad_message_is_refused_and_nothing_happens(
    served: Any, open_tab: OpenTab, data: Any, code: str
) -> None:
    tab = await open_tab(served)

    answer = await tab.ask("user_message", data)

    assert answer["ok"] is False
    assert answer["error"]
    assert answer["code"] == code
    assert served.inbound == []


async def test_a_message_without_any_data_is_answered(served: Any, open_tab: OpenTab) -> None:
    tab = await open_tab(served)

    answer = await tab.client.call("user_message", namespace="/webchat", timeout=5)

    assert answer["ok"] is False


async def test_the_longest_message_is_taken(served: Any, open_tab: OpenTab) -> None:
    tab = await open_tab(served)

    assert (await tab.writes("é" * 2000))["ok"] is True


async def test_an_unknown_request_is_answered(served: Any, open_tab: OpenTab) -> None:
    tab = await open_tab(served)

    assert (await tab.ask("agent_message", {"text": "I am staff"}))["ok"] is False
    assert (await tab.writes("Still here"))["ok"] is True


async def test_nobody_connects_a_second_time_by_an_event_of_that_name(served: Any, open_tab: OpenTab) -> None:
    tab, victim = await open_tab(served), await open_tab(served)
    environ = {"asgi.scope": {"type": "http", "client": ["192.0.2.99", 1], "headers": []}}

    for name in ("connect", "disconnect"):
        answer = await tab.ask(name, (environ, {"hotel": "miramar", "token": victim.token}))
        assert answer["ok"] is False
    await victim.writes("A secret")
    await tab.quiet()

    assert tab.all("new_message") == []


async def test_a_guest_who_writes_too_fast_is_told_so(make_house: Any, open_tab: OpenTab) -> None:
    house = make_house(messages_per_minute=2)
    async with house.serving():
        tab = await open_tab(house)
        answers = [await tab.writes("Hello", str(number)) for number in range(3)]

    assert [answer["ok"] for answer in answers] == [True, True, False]
    assert answers[2]["code"] == "too_fast"
    assert answers[2]["retry_after"] >= 1


async def test_with_the_store_away_the_page_hears_that_it_may_try_again(served: Any, open_tab: OpenTab) -> None:
    tab = await open_tab(served)
    served.store.away = True
    refused = await tab.writes("Hello", "1")
    served.store.away = False

    taken = await tab.writes("Hello", "1")

    assert (refused["ok"], refused["code"]) == (False, "unavailable")
    assert taken["ok"] is True


async def test_an_accident_of_ours_is_answered_too(
    served: Any, open_tab: OpenTab, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = await open_tab(served)
    monkeypatch.setattr(served, "ingest", None)

    answer = await tab.writes("Hello")

    assert (answer["ok"], answer["code"]) == (False, "unavailable")


@pytest.mark.parametrize(
    ("given", "kept"),
    [("de", "de"), ("pt-PT", "pt"), ("zh_Hant_TW", "zh"), ("", None), ("x" * 50, None), (7, None), ("en; drop", None)],
)
async def test_only_a_language_is_taken_for_one(served: Any, open_tab: OpenTab, given: Any, kept: str | None) -> None:
    tab = await open_tab(served, language=given)

    await tab.writes("Hello")

    assert served.inbound[0].language == kept


# listening


async def test_what_was_lost_on_the_wire_is_asked_for(served: Any, open_tab: OpenTab) -> None:
    tab = await open_tab(served)
    await tab.writes("Hello")
    served.emits = False
    await served.says(served.only_conversation, "Lost on the way")

    answer = await tab.ask("sync", {})

    assert answer["ok"] is True
    assert [message["text"] for message in answer["messages"]] == ["Hello", "Lost on the way"]


async def test_what_the_guest_has_seen_is_reported_as_read_once(served: Any, open_tab: OpenTab) -> None:
    tab = await open_tab(served)
    await tab.writes("Hello")
    first, _ = await served.says(served.only_conversation, "One")
    later, _ = await served.says(served.only_conversation, "Two")

    assert await tab.ask("read", {"seq": first.seq}) == {"ok": True}
    assert await tab.ask("read", {"seq": first.seq}) == {"ok": True}

    assert [(report.message_id, report.status) for report in served.reports] == [(first.id, DeliveryStatus.READ)]
    assert later.id not in {report.message_id for report in served.reports}


@pytest.mark.parametrize("seq", [None, "1", True, 1.5, [1]])
async def test_a_read_that_names_no_number_is_refused(served: Any, open_tab: OpenTab, seq: Any) -> None:
    tab = await open_tab(served)

    answer = await tab.ask("read", {"seq": seq})

    assert (answer["ok"], answer["code"]) == (False, "invalid")


async def test_reading_nothing_is_no_error(served: Any, open_tab: OpenTab) -> None:
    tab = await open_tab(served)

    assert await tab.ask("read", {"seq": 10**30}) == {"ok": True}


async def test_a_guest_finds_the_conversation_after_the_server_was_gone(house: Any, open_tab: OpenTab) -> None:
    async with house.serving():
        first = await open_tab(house)
        await first.writes("Hello")
    async with house.serving():
        second = await open_tab(house, token=first.token)

    assert [message["text"] for message in second.all("welcome")[0]["messages"]] == ["Hello"]
