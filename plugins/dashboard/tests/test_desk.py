"""The desk's socket: who may connect, what each event does, and what it never does."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from socketio.exceptions import ConnectionError as ConnectionFailed

from innbox import BotMode, Conflict, Direction, Refused, StoreUnavailable, User, rfc3339

CHANGES = ("take_over", "return_to_bot", "resolve", "mark_read")
SOON = "2099-03-29T14:00:00+02:00"
# A payload that fits every event; each takes what it needs of it.
WHOLE: dict[str, Any] = {
    "text": "Hello",
    "client_id": "c1",
    "labels": ["VIP", "late"],
    "assignee": "root",
    "until": SOON,
    "at": SOON,
    "mode": "draft",
    "minutes": 30,
    "out": True,
    "scheduled_id": "s1",
    "message_id": "m1",
    "arrived": False,
    "position": 0,
    "language": "en",
    "content_sid": "HX1",
    "variables": {"1": "Ana"},
    "suggestion_id": "p1",
}
LATER = datetime(2099, 3, 29, 12, tzinfo=UTC)
# event -> the core's action, and what it is given beside the user and the conversation
DONE: dict[str, tuple[Any, ...]] = {
    "take_over": ("take_over", 30),
    "return_to_bot": ("return_to_bot",),
    "resolve": ("resolve",),
    "mark_read": ("mark_read",),
    "set_labels": ("set_labels", ["VIP", "late"]),
    "assign": ("assign", "root"),
    "snooze": ("snooze", LATER),
    "set_bot_mode": ("set_bot_mode", BotMode.DRAFT),
    "set_bot_back": ("set_bot_back", 30),
    "acknowledge": ("acknowledge",),
    "schedule_message": ("schedule", "Hello", LATER),
    "cancel_scheduled": ("unschedule", "s1"),
    "retry_message": ("retry", "m1"),
    "decide_message": ("decide", "m1", False),
    "retry_media": ("retry_media", "m1", 0),
    "send_template": ("send_template", "HX1", {"1": "Ana"}, "c1"),
    "dismiss_suggestion": ("dismiss_suggestion", "p1"),
    "translate_message": ("translate", "m1", "en"),
    "set_opt_out": ("set_opt_out", True),
    "agent_message": ("reply", "Hello", {"suggestion_id": "p1"}),
    "agent_note": ("note", "Hello"),
}
WITH_MESSAGE = {
    *("agent_message", "agent_note", "send_template", "translate_message"),
    *("retry_message", "decide_message", "retry_media"),
}
EVENTS = (*DONE, "join_conversation", "leave_conversation", "typing")
MISFITS: tuple[tuple[Any, ...], ...] = (
    (),
    ("text",),
    (None,),
    (7,),
    ([],),
    ({},),
    (b"bytes",),
    ({"conversation_id": 5, "text": "a", "client_id": "b", "since": "0"},),
    ({"conversation_id": None, "text": None, "client_id": None, "since": None},),
    ({"conversation_id": "x" * 65, "text": "a", "client_id": "b", "since": -1},),
    ({"conversation_id": "", "text": "a", "client_id": "b", "since": True},),
    ({"conversation_id": ["a"], "text": {}, "client_id": 1, "since": 2**60},),
    ({}, {}),
)


# connecting


async def test_a_desk_without_a_session_is_refused(running: Any) -> None:
    with pytest.raises(ConnectionFailed):
        await running.desk()
    with pytest.raises(ConnectionFailed):
        await running.desk(token="made-up")


async def test_a_desk_on_a_foreign_page_is_refused(running: Any) -> None:
    with pytest.raises(ConnectionFailed):
        await running.desk("ana", origin="https://evil.example")


async def test_a_desk_on_our_page_connects(running: Any) -> None:
    desk = await running.desk("ana", origin=running.house.app.config.public_url)
    assert desk.client.connected


async def test_a_desk_is_refused_while_the_store_is_away_rather_than_let_in(running: Any) -> None:
    token = running.house.session("ana")
    running.house.store.away = True
    with pytest.raises(ConnectionFailed):
        await running.desk(token=token)


# the live view


async def test_a_desk_hears_of_its_own_hotels_alone(running: Any) -> None:
    ana, bo, root = await running.desk("ana"), await running.desk("bo"), await running.desk("root")
    event = await running.house.tell()  # the newest is of solmar
    await bo.until(lambda: bo.told("new_message"))
    await root.until(lambda: root.told("new_message"))
    assert bo.told("new_message") == [event.payload]
    assert bo.told("new_message")[0]["event"] == event.number
    assert ana.told("new_message") == []


async def test_sync_tells_what_was_missed_and_may_be_seen(running: Any) -> None:
    desk = await running.desk("ana")
    answer = await desk.ask("sync", {"since": 0})
    assert answer["ok"] is True
    assert answer["more"] is False
    assert answer["last_event"] == 2
    assert [event["data"]["conversation_id"] for event in answer["events"]] == [running.house.miramar]
    assert answer["events"][0]["event"] == answer["events"][0]["data"]["event"] == 1
    assert answer["events"][0]["name"] == "new_message"


async def test_sync_comes_in_pages_of_500(running: Any) -> None:
    for number in range(510):
        running.house.say(running.house.miramar, f"message {number}", Direction.IN, "Guest One")
    desk = await running.desk("ana")
    first = await desk.ask("sync", {"since": 0})
    assert (len(first["events"]), first["more"]) == (500, True)
    second = await desk.ask("sync", {"since": first["last_event"]})
    assert (len(second["events"]), second["more"]) == (11, False)
    assert second["last_event"] == len(running.house.store.events)


# acting


async def test_a_reply_is_acknowledged_with_the_message_and_the_conversation(running: Any) -> None:
    desk = await running.desk("ana")
    payload = {"conversation_id": running.house.miramar, "text": " Welcome ", "client_id": "c1"}
    answer = await desk.ask("agent_message", payload)
    assert answer["ok"] is True
    assert answer["message"]["text"] == "Welcome"
    assert answer["message"]["status"] == "pending"
    assert answer["conversation"]["handled_by"] == "staff"
    assert running.house.app.staff.done == [("reply", "ana", running.house.miramar, "Welcome")]


async def test_a_reply_sent_twice_is_acknowledged_like_the_first_time(running: Any) -> None:
    desk = await running.desk("ana")
    payload = {"conversation_id": running.house.miramar, "text": "Welcome", "client_id": "c1"}
    first, second = await desk.ask("agent_message", payload), await desk.ask("agent_message", payload)
    assert second["ok"] is True
    assert second["message"]["id"] == first["message"]["id"]
    assert len(running.house.app.staff.done) == 1


async def test_a_note_and_every_change_reach_the_core(running: Any) -> None:
    desk = await running.desk("ana")
    here = running.house.miramar
    note = await desk.ask("agent_note", {"conversation_id": here, "text": "Allergic", "client_id": "n1"})
    assert note["message"]["direction"] == "note"
    for change in CHANGES:
        answer = await desk.ask(change, {"conversation_id": here})
        assert answer["ok"] is True
        assert answer["conversation"]["id"] == here
    assert running.house.app.staff.done == [
        ("note", "ana", here, "Allergic"),
        *((change, "ana", here) for change in CHANGES),
    ]


async def test_every_event_reaches_its_action(running: Any) -> None:
    desk = await running.desk("ana")
    here = running.house.miramar
    for event, (action, *given) in DONE.items():
        answer = await desk.ask(event, {**WHOLE, "conversation_id": here})
        assert answer["ok"] is True, answer
        assert answer["conversation"]["id"] == here
        assert running.house.app.staff.done.pop() == (action, "ana", here, *given)
        assert ("message" in answer) is (event in WITH_MESSAGE)
        if event == "schedule_message":
            assert answer["scheduled"]["at"] == rfc3339(LATER)


async def test_what_may_be_nothing_may_be_nothing(running: Any) -> None:
    desk = await running.desk("ana")
    here = running.house.miramar
    for event, field in (("assign", "assignee"), ("set_bot_mode", "mode"), ("set_bot_back", "minutes")):
        assert (await desk.ask(event, {"conversation_id": here, field: None}))["ok"] is True
        assert (await desk.ask(event, {"conversation_id": here}))["error"] == f"{field} is missing"
    assert [done[-1] for done in running.house.app.staff.done] == [None, None, None]


async def test_a_reply_tells_what_its_writer_had_seen_and_in_what_language_it_goes(running: Any) -> None:
    desk = await running.desk("ana")
    more = {"seen_seq": 1, "translate_to": "pt"}
    payload = {"conversation_id": running.house.miramar, "text": "Welcome", "client_id": "c1", **more}
    answer = await desk.ask("agent_message", payload)
    assert answer["translated"] is True
    assert running.house.app.staff.done[0][-1] == more


async def test_a_note_calls_colleagues(running: Any) -> None:
    desk = await running.desk("ana")
    payload = {"conversation_id": running.house.miramar, "text": "Look", "client_id": "n1", "mentions": ["root"]}
    assert (await desk.ask("agent_note", payload))["ok"] is True
    assert running.house.app.staff.done == [("note", "ana", running.house.miramar, "Look", "root")]


async def test_a_slow_translator_holds_no_reply_up(running: Any) -> None:
    desk = await running.desk("ana")
    running.house.app.staff.slow = asyncio.Event()
    translating = asyncio.create_task(
        desk.ask("translate_message", {**WHOLE, "conversation_id": running.house.miramar})
    )
    await asyncio.sleep(0.05)
    assert (await desk.ask("agent_message", {**WHOLE, "conversation_id": running.house.miramar}))["ok"] is True
    assert not translating.done()
    running.house.app.staff.slow.set()
    assert (await translating)["ok"] is True


@pytest.mark.parametrize("event", EVENTS)
async def test_another_hotels_conversation_and_a_guessed_one_are_not_found(running: Any, event: str) -> None:
    desk = await running.desk("ana")
    for conversation_id in (running.house.solmar, "0190c0de-0000-7000-8000-000000000000", "' OR 1=1", "x\x00y"):
        payload = {**WHOLE, "conversation_id": conversation_id, "client_id": conversation_id}
        assert await desk.ask(event, payload) == {"ok": False, "error": "not found"}
    assert running.house.app.staff.done == []


@pytest.mark.parametrize("event", [*EVENTS, "sync"])
async def test_a_payload_that_does_not_fit_changes_nothing(running: Any, event: str) -> None:
    desk = await running.desk("ana")
    for payload in MISFITS:
        answer = await desk.ask(event, *payload)
        assert answer["ok"] is False, payload
        assert isinstance(answer["error"], str)
    assert running.house.app.staff.done == []


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"text": ""}, "text is empty"),
        ({"text": "  \n "}, "text is empty"),
        ({"text": "x" * 20_001}, "text has more than 20000 characters"),
        ({"text": 7}, "text must be a text"),
        ({"client_id": ""}, "client_id is empty"),
        ({"client_id": "x" * 101}, "client_id has more than 100 characters"),
    ],
)
async def test_the_refusal_names_the_field(running: Any, change: dict[str, Any], error: str) -> None:
    desk = await running.desk("ana")
    payload = {"conversation_id": running.house.miramar, "text": "a", "client_id": "b", **change}
    answer = await desk.ask("agent_message", payload)
    assert answer == {"ok": False, "error": error, "code": "payload"}


@pytest.mark.parametrize(
    ("event", "field", "wrong"),
    [
        *(
            ("snooze", "until", wrong)
            for wrong in (None, 5, "", "tomorrow", "2099-03-29T14:00", "0001-01-01T00:00+14:00")
        ),
        ("schedule_message", "at", "9" * 99),
        ("set_labels", "labels", "VIP"),
        ("set_labels", "labels", [5]),
        ("set_labels", "labels", ["x"] * 101),
        ("assign", "assignee", 5),
        ("set_bot_mode", "mode", "DRAFT"),
        ("set_bot_back", "minutes", "30"),
        ("take_over", "minutes", 1.5),
        ("set_opt_out", "out", 1),
        ("decide_message", "arrived", "no"),
        ("retry_media", "position", -1),
        ("retry_media", "position", True),
        ("send_template", "variables", []),
        ("send_template", "variables", {"1": 5}),
        ("send_template", "variables", {"": "x"}),
        ("agent_message", "seen_seq", -1),
        ("agent_message", "seen_seq", "7"),
        ("agent_message", "suggestion_id", ""),
        ("agent_note", "mentions", "ana"),
        ("agent_note", "mentions", ["a"] * 51),
        ("translate_message", "language", None),
    ],
)
async def test_a_field_that_does_not_fit_changes_nothing(running: Any, event: str, field: str, wrong: Any) -> None:
    desk = await running.desk("ana")
    answer = await desk.ask(event, {**WHOLE, "conversation_id": running.house.miramar, field: wrong})
    assert (answer["ok"], answer["code"]) == (False, "payload")
    assert answer["error"].startswith(field)
    assert running.house.app.staff.done == []


async def test_an_unknown_event_is_answered(running: Any) -> None:
    desk = await running.desk("ana")
    for event in ("drop_tables", "on_connect", "trigger_event", "__class__"):
        assert await desk.ask(event, {}) == {"ok": False, "error": "unknown event"}


async def test_a_desk_cannot_play_its_own_connect_or_disconnect(running: Any) -> None:
    desk = await running.desk("ana")
    for event in ("connect", "disconnect"):
        answer = await desk.ask(event, {"HTTP_COOKIE": "x"})
        assert answer == {"ok": False, "error": "unknown event"}
    assert (await desk.ask("sync", {"since": 0}))["ok"] is True


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (Refused("The guest wrote more than 24 hours ago.", "window_closed"), "window_closed"),
        (Conflict("bo has this conversation."), "conflict"),
        (StoreUnavailable("away"), "unavailable"),
    ],
)
async def test_what_the_core_refuses_is_said_to_the_asker(running: Any, problem: Exception, code: str) -> None:
    desk = await running.desk("ana")
    running.house.app.staff.problem = problem
    answer = await desk.ask("take_over", {"conversation_id": running.house.miramar})
    assert answer["ok"] is False
    assert answer["code"] == code
    if code != "unavailable":
        assert answer["error"] == str(problem)


async def test_a_bug_is_answered_without_its_details(running: Any) -> None:
    desk = await running.desk("ana")
    running.house.app.staff.problem = RuntimeError("secret detail")
    answer = await desk.ask("take_over", {"conversation_id": running.house.miramar})
    assert answer["ok"] is False
    assert "secret" not in answer["error"]


async def test_a_flood_is_throttled_and_harms_no_other_desk(running: Any) -> None:
    desk, other = await running.desk("ana"), await running.desk("root")
    answers = [await desk.ask("mark_read", {"conversation_id": running.house.miramar}) for _ in range(150)]
    assert {"ok": False, "error": "too fast"} in answers
    assert len(running.house.app.staff.done) < 150
    assert (await other.ask("sync", {"since": 0}))["ok"] is True


# sessions


async def test_a_disabled_users_desk_is_closed(quick_watch: None, running: Any) -> None:
    desk, other = await running.desk("ana"), await running.desk("root")
    assert (await desk.ask("sync", {"since": 0}))["ok"] is True
    del running.house.app.accounts.known["ana"]
    await desk.until(lambda: not desk.client.connected, 5)
    assert other.client.connected
    await running.house.tell()
    assert desk.told("new_message") == []


async def test_a_desk_in_fact_closes_within_five_seconds(running: Any) -> None:
    desk = await running.desk("ana")
    running.house.app.accounts.sessions.clear()
    await desk.until(lambda: not desk.client.connected, 5)


async def test_signing_out_closes_the_sessions_desks_at_once(running: Any) -> None:
    token = running.house.session("ana")
    desk, other = await running.desk(token=token), await running.desk("ana")
    async with running.house.client() as client:
        client.cookies.set("innbox_session", token)
        await client.post("/logout")
    await desk.until(lambda: not desk.client.connected, 1)
    assert other.client.connected


async def test_many_desks_of_one_session_cost_one_query(quick_watch: None, running: Any) -> None:
    token = running.house.session("ana")
    desks = [await running.desk(token=token) for _ in range(4)]
    before = running.house.app.accounts.asked
    await desks[0].until(lambda: running.house.app.accounts.asked > before)
    assert running.house.app.accounts.asked == before + 1


async def test_nobody_is_thrown_out_while_the_store_is_away(quick_watch: None, running: Any) -> None:
    desk = await running.desk("ana")
    running.house.store.away = True
    with pytest.raises(TimeoutError):
        await desk.until(lambda: not desk.client.connected, 1)


async def test_a_user_who_is_given_another_hotel_hears_of_that_one(quick_watch: None, running: Any) -> None:
    desk = await running.desk("ana")
    running.house.app.accounts.known["ana"] = User("ana", "agent", frozenset({"solmar"}))
    before = running.house.app.accounts.asked
    await desk.until(lambda: running.house.app.accounts.asked > before + 1)
    await running.house.tell()
    await desk.until(lambda: desk.told("new_message"))
    answer = await desk.ask("join_conversation", {"conversation_id": running.house.miramar})
    assert answer == {"ok": False, "error": "not found"}
