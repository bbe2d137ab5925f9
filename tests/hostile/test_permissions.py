"""Who may do what: every route and every socket event, for everybody. What the tables lack makes the tests fail."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from socketio.exceptions import ConnectionError as ConnectionFailed
from starlette.routing import Mount, Route

from innbox import CannedReply, Conversation, Message, MessageAction, User, hookimpl, new_id, now, rfc3339
from innbox.config import load_config
from innbox.testing.running import PASSWORD
from innbox.web import create_asgi

pytestmark = pytest.mark.asyncio(loop_scope="module")

# nobody; an agent and an admin of another hotel; an agent and a lead of this one; an admin of all
ROLES = ("nobody", "eve", "max", "bo", "lea", "ana")
NAMES: Mapping[str, str | None] = {role: None if role == "nobody" else role for role in ROLES}

TO_LOGIN, TO_DESK = "303 /login", "303 /dashboard"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Accept": "application/json"}

# (method, path) -> the answer for each of ROLES. The conversation and the file are those of the hotel miramar; every
# request comes from outside, through a proxy.
ROUTES: dict[tuple[str, str], tuple[int | str, ...]] = {
    ("GET", "/healthz"): (200, 200, 200, 200, 200, 200),
    ("GET", "/readyz"): (200, 200, 200, 200, 200, 200),
    ("GET", "/metrics"): (403, 403, 403, 403, 403, 403),
    ("POST", "/whatsapp"): (403, 403, 403, 403, 403, 403),
    ("POST", "/whatsapp/status"): (403, 403, 403, 403, 403, 403),
    ("GET", "/chat/{hotel}"): (200, 200, 200, 200, 200, 200),
    ("GET", "/chat/{hotel}/embed.js"): (200, 200, 200, 200, 200, 200),
    ("GET", "/chat-static"): (200, 200, 200, 200, 200, 200),
    ("GET", "/"): (TO_LOGIN, TO_DESK, TO_DESK, TO_DESK, TO_DESK, TO_DESK),
    ("GET", "/login"): (200, TO_DESK, TO_DESK, TO_DESK, TO_DESK, TO_DESK),
    ("POST", "/login"): (401, 401, 401, 401, 401, 401),
    ("POST", "/logout"): (TO_LOGIN, TO_LOGIN, TO_LOGIN, TO_LOGIN, TO_LOGIN, TO_LOGIN),
    ("GET", "/dashboard"): (TO_LOGIN, 200, 200, 200, 200, 200),
    ("GET", "/dashboard/static"): (200, 200, 200, 200, 200, 200),
    ("GET", "/get_conversations"): (401, 404, 404, 200, 200, 200),
    ("GET", "/get_messages"): (401, 404, 404, 200, 200, 200),
    ("GET", "/export_messages"): (401, 404, 404, 200, 200, 200),
    ("GET", "/media/{message_id}/{position:int}"): (401, 404, 404, 200, 200, 200),
    ("GET", "/media/out/{link}"): (200, 200, 200, 200, 200, 200),  # whoever was given the link may follow it
    ("GET", "/settings"): (401, 403, 200, 403, 403, 200),
    ("POST", "/settings"): (401, 403, 404, 403, 403, 200),
    ("POST", "/language"): (TO_DESK, TO_DESK, TO_DESK, TO_DESK, TO_DESK, TO_DESK),
    ("GET", "/get_view"): (401, 404, 404, 200, 200, 200),
    ("GET", "/get_counts"): (401, 404, 404, 200, 200, 200),
    ("GET", "/get_labels"): (401, 404, 404, 200, 200, 200),
    ("GET", "/get_people"): (401, 404, 404, 200, 200, 200),
    ("GET", "/get_guest"): (401, 404, 404, 200, 200, 200),
    ("GET", "/get_turn"): (401, 404, 404, 200, 200, 200),
    ("GET", "/get_scheduled"): (401, 404, 404, 200, 200, 200),
    ("GET", "/get_templates"): (401, 404, 404, 200, 200, 200),
    ("GET", "/get_actions"): (401, 200, 200, 200, 200, 200),  # their names alone
    ("POST", "/actions/{name}"): (401, 404, 404, 200, 200, 200),
    ("POST", "/send_files"): (401, 404, 404, 200, 200, 200),
    ("GET", "/get_canned"): (401, 404, 404, 200, 200, 200),
    ("GET", "/canned"): ("303 /login?next=/canned", 403, 200, 403, 200, 200),
    ("POST", "/canned"): (401, 403, 404, 403, 200, 200),
    ("GET", "/numbers"): ("303 /login?next=/numbers%3Fhotel%3Dmiramar", 403, 404, 403, 200, 200),
    ("GET", "/get_numbers"): (401, 403, 404, 403, 200, 200),
    ("GET", "/numbers.csv"): (401, 403, 404, 403, 200, 200),
    ("GET", "/audit"): (401, 403, 404, 403, 200, 200),
    ("GET", "/audit.csv"): (401, 403, 404, 403, 200, 200),
    ("GET", "/people"): (401, 403, 200, 403, 403, 200),  # of those who may see no other hotel
    ("POST", "/people"): (401, 403, 403, 403, 403, 200),
    ("DELETE", "/canned/{id}"): (401, 403, 404, 403, 200, 200),
}

# How a request for a route is filled in; what is not here is asked for as it stands.
REQUESTS: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/whatsapp"): {"content": b"Body=x", "headers": FORM},
    ("POST", "/whatsapp/status"): {"content": b"MessageStatus=read", "headers": FORM},
    ("POST", "/login"): {"data": {"username": "ana", "password": "a wrong one"}},
    ("GET", "/chat-static"): {"path": "/chat-static/build/chat.js"},
    ("GET", "/dashboard/static"): {"path": "/dashboard/static/build/desk.js"},
    ("GET", "/get_conversations"): {"params": {"hotel": "miramar"}},
    ("GET", "/get_messages"): {"params": {"conversation_id": "CONVERSATION"}},
    ("GET", "/export_messages"): {"params": {"conversation_id": "CONVERSATION"}},
    ("POST", "/language"): {"data": {"language": "en"}},
    ("GET", "/get_view"): {"params": {"hotel": "miramar", "view": "all"}},
    **{("GET", path): {"params": {"hotel": "miramar"}} for path in ("/get_counts", "/get_labels", "/get_people")},
    ("GET", "/get_canned"): {"params": {"hotel": "miramar"}},
    **{
        ("GET", path): {"params": {"conversation_id": "CONVERSATION", "turn_id": "TURN"}}
        for path in ("/get_guest", "/get_turn", "/get_scheduled", "/get_templates")
    },
    ("POST", "/actions/{name}"): {"json": {"conversation_id": "CONVERSATION", "message_id": "MESSAGE"}},
    ("POST", "/send_files"): {
        "data": {"conversation_id": "CONVERSATION", "client_id": "files"},
        "files": {"files": ("a.png", b"\x89PNG\r\n\x1a\n")},
    },
    **{("GET", path): {"params": {"hotel": "miramar"}} for path in ("/numbers", "/get_numbers")},
    **{
        ("GET", path): {"params": {"hotel": "miramar"}, "headers": JSON}
        for path in ("/numbers.csv", "/audit", "/audit.csv")
    },
    ("GET", "/people"): {"headers": JSON},
    ("POST", "/people"): {"json": {"do": "enable", "name": "bo"}},
    ("POST", "/canned"): {"json": {"hotel": "miramar", "shortcut": "wifi", "text": "It is free.", "id": "CANNED"}},
    ("GET", "/settings"): {"headers": JSON},
    ("POST", "/settings"): {"json": {"hotels": {"miramar": {"instructions": "Be brief."}}}, "headers": JSON},
}

NOT_FOUND = "not found"
# event of the desk -> the answer for an agent and an admin of another hotel, an agent and a lead of this one, an admin
# of all. Another word than `not found` is the code with which those who may are told that it cannot be done.
THERE = (NOT_FOUND, NOT_FOUND, True, True, True)
DESK: dict[str, tuple[bool | str, ...]] = {
    "join_conversation": THERE,
    "leave_conversation": THERE,
    "typing": THERE,
    "agent_message": THERE,
    "agent_note": THERE,
    "take_over": THERE,
    "return_to_bot": THERE,
    "resolve": THERE,
    "mark_read": THERE,
    "set_labels": THERE,
    "assign": THERE,
    "snooze": THERE,
    "set_bot_mode": THERE,
    "set_bot_back": (NOT_FOUND, NOT_FOUND, *["conflict"] * 3),  # the bot has it
    "acknowledge": THERE,
    "schedule_message": THERE,
    "cancel_scheduled": THERE,
    "retry_message": (NOT_FOUND, NOT_FOUND, *["conflict"] * 3),
    "decide_message": (NOT_FOUND, NOT_FOUND, *["conflict"] * 3),
    "retry_media": (NOT_FOUND, NOT_FOUND, *["conflict"] * 3),
    "send_template": (NOT_FOUND, NOT_FOUND, *["no_template"] * 3),
    "dismiss_suggestion": THERE,
    "translate_message": THERE,
    "set_opt_out": THERE,
    "sync": (True, True, True, True, True),  # of what they may see
}
# A payload for every event; each takes what it needs of it.
PAYLOAD: dict[str, Any] = {
    "text": "Hi",
    "since": 0,
    "labels": ["VIP"],
    "assignee": "ana",
    "until": rfc3339(now() + timedelta(days=1)),
    "at": rfc3339(now() + timedelta(days=1)),
    "mode": "auto",
    "minutes": 30,
    "out": False,
    "arrived": True,
    "position": 0,
    "content_sid": "HX1",
    "variables": {},
    "suggestion_id": "018f0000-0000-7000-8000-000000000000",
    "language": "pt",
}
# Guests have no roles: each event is about their own conversation alone.
CHAT = ("user_message", "sync", "read")


class Porter:
    """What a plugin can do with a message."""

    name, label = "porter", "Call the porter"

    async def run(self, user: User, conversation: Conversation, message: Message) -> str:
        return "The porter comes."


@pytest.fixture(scope="module")
def brisk(brisk: None) -> Iterator[None]:
    """The house, with a plugin that adds an action to the desk."""

    @hookimpl
    def register_actions(self: Any) -> Iterable[MessageAction]:
        return [Porter()]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("innbox_dashboard.Dashboard.register_actions", register_actions, raising=False)
        yield


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def talk(house: Any) -> dict[str, str]:
    """A guest of the hotel miramar who has sent a file."""
    await house.running.add_user("max", "admin", ["farol"])
    await house.running.add_user("lea", "lead", ["miramar"])
    form = house.form("See this", media=[(house.twilio.media_url("image/png", b"\x89PNG\r\n\x1a\n"), "image/png")])
    assert (await house.post(form)).status_code == 200
    guest = form["From"].removeprefix("whatsapp:")
    await house.answered(guest)
    while (message := (await house.history(guest))[0]).attachments[0].state == "fetching":
        await asyncio.sleep(0.02)
    assert message.attachments[0].url == f"/media/{message.id}/0"
    link = house.app.file_link(message.id, 0).rpartition("/")[2]
    canned = CannedReply(new_id(), "miramar", "wifi", "Ask us.")
    await house.app.store.save_canned(canned)
    await house.app.store.save_canned(doomed := CannedReply(new_id(), "miramar", "doomed", "Gone soon."))
    answer = next(message for message in await house.history(guest) if message.meta.get("turn_id"))
    turn = answer.meta["turn_id"]
    conversation = message.conversation_id
    return {
        "CONVERSATION": conversation,
        "MESSAGE": message.id,
        "LINK": link,
        "CANNED": canned.id,
        "DOOMED": doomed.id,
        "TURN": turn,
    }


def parts(house: Any) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """Return what an app with the same configuration has: its routes, and its namespaces by name."""
    asgi: Any = create_asgi(load_config(house.running.config_path))
    found: list[tuple[str, str]] = []
    for route in asgi.other_asgi_app.routes:
        assert isinstance(route, Route | Mount), f"{route} is of a kind that this test does not know"
        methods = (route.methods or set()) - {"HEAD"} if isinstance(route, Route) else {"GET"}
        found += [(method, route.path) for method in methods]
    return found, dict(asgi.engineio_server.namespace_handlers)


async def test_every_route_and_every_event_is_in_the_tables(house: Any) -> None:
    routes, namespaces = parts(house)

    assert sorted(routes) == sorted(ROUTES)
    assert set(namespaces) == {"/", "/webchat"}
    assert set(namespaces["/"]._handlers) == set(DESK)
    assert set(namespaces["/webchat"]._handlers) == set(CHAT)


def filled(route: tuple[str, str], talk: dict[str, str]) -> tuple[str, dict[str, Any]]:
    wanted = dict(REQUESTS.get(route, {}))
    path = wanted.pop("path", route[1])
    path = path.replace("{hotel}", "miramar").replace("{message_id}", talk["MESSAGE"]).replace("{position:int}", "0")
    path = path.replace("{link}", talk["LINK"]).replace("{id}", talk["DOOMED"]).replace("{name}", "porter")
    for part in ("params", "json", "data"):
        if part in wanted:
            wanted[part] = {name: talk.get(str(value), value) for name, value in wanted[part].items()}
    wanted["headers"] = {**wanted.get("headers", {}), "X-Forwarded-For": "203.0.113.5"}
    return path, wanted


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
@pytest.mark.parametrize("role", ROLES)
async def test_a_route(house: Any, talk: dict[str, str], route: tuple[str, str], role: str) -> None:
    expected = ROUTES[route][ROLES.index(role)]
    path, wanted = filled(route, talk)
    visitor = await house.visitor(NAMES[role])
    if route == ("POST", "/logout"):  # a session of its own, since it ends
        visitor = house.visitors[f"leaving {role}"] = httpx.AsyncClient(base_url=house.url)
        if role != "nobody":
            await visitor.post("/login", data={"username": role, "password": PASSWORD})

    if route[0] == "DELETE":  # it is there, for everybody anew
        await house.app.store.save_canned(CannedReply(talk["DOOMED"], "miramar", "doomed", "Gone soon."))

    answer = await visitor.request(route[0], path, **wanted)

    got = f"303 {answer.headers['location']}" if answer.status_code == 303 else answer.status_code
    assert got == expected, answer.text
    if answer.status_code in (401, 403, 404):
        assert "See this" not in answer.text
        assert talk["CONVERSATION"] not in answer.text


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
async def test_no_other_method_gets_further(house: Any, talk: dict[str, str], route: tuple[str, str]) -> None:
    path, _ = filled(route, talk)
    allowed = {method for method, known in ROUTES if known == route[1]} | {"HEAD"}
    admin = await house.visitor("ana")

    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - allowed:
        assert (await admin.request(method, path)).status_code == 405


@pytest.mark.parametrize("event", DESK)
@pytest.mark.parametrize("role", ROLES[1:])
async def test_an_event_of_the_desk(house: Any, talk: dict[str, str], connect: Any, event: str, role: str) -> None:
    expected = DESK[event][ROLES.index(role) - 1]
    client = await connect(as_user=role)
    before = await house.app.store.conversation(talk["CONVERSATION"])
    if expected is True:
        await house.app.store.return_to_bot(before.id, await house.app.door.rules("miramar", "whatsapp"))
    scheduled, _ = await house.app.store.schedule(before.id, "bo", "Welcome", now() + timedelta(days=1), None)
    payload = {
        **PAYLOAD,
        "conversation_id": talk["CONVERSATION"],
        "message_id": talk["MESSAGE"],
        "scheduled_id": scheduled.id,
        "client_id": f"{role} {event}",
    }

    answer = await client.call(event, payload)

    assert answer["ok"] is (expected is True), answer
    if expected is not True:
        assert (answer == {"ok": False, "error": expected}) is (expected == NOT_FOUND)
        assert answer.get("code") == (None if expected == NOT_FOUND else expected)
        after = await house.app.store.conversation(talk["CONVERSATION"])
        assert (after.epoch, after.status, after.unread) == (before.epoch, before.status, before.unread)
    if event == "sync":
        assert (talk["CONVERSATION"] in str(answer)) is (role in ("bo", "lea", "ana"))


async def test_nobody_has_no_desk(connect: Any) -> None:
    with pytest.raises(ConnectionFailed):
        await connect()


@pytest.mark.parametrize("event", CHAT)
async def test_an_event_of_the_chat(connect: Any, talk: dict[str, str], event: str) -> None:
    client = await connect("/webchat", auth={"hotel": "miramar"})
    own = {"text": "Hi", "client_id": "c", "seq": 1}

    answer = await client.call(event, {**own, "conversation_id": talk["CONVERSATION"]}, namespace="/webchat")

    assert answer["ok"] is True
    assert talk["CONVERSATION"] not in str(answer)
    assert "See this" not in str(answer)
