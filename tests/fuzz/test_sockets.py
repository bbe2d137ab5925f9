"""Events of any name with any JSON, at the desk and in the guests' chat: each is acknowledged, and harms nobody."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import socketio
from hypothesis import strategies as st

DESK = (
    "join_conversation",
    "leave_conversation",
    "agent_message",
    "agent_note",
    "take_over",
    "return_to_bot",
    "resolve",
    "mark_read",
    "typing",
    "sync",
    "set_labels",
    "assign",
    "snooze",
    "set_bot_mode",
    "set_bot_back",
    "acknowledge",
    "schedule_message",
    "cancel_scheduled",
    "retry_message",
    "decide_message",
    "retry_media",
    "send_template",
    "dismiss_suggestion",
    "translate_message",
    "set_opt_out",
)
GUEST = ("user_message", "sync", "read")
KEYS = (
    *("conversation_id", "text", "client_id", "since", "seq", "hotel", "token", "language", "labels", "assignee"),
    *("until", "at", "mode", "minutes", "out", "message_id", "scheduled_id", "suggestion_id", "position", "arrived"),
    *("content_sid", "variables", "mentions", "seen_seq", "translate_to"),
)
IDS = ("018f0000-0000-7000-8000-000000000000", "", "x" * 64, "' OR 1=1 --", "\0", "18f")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from((2**31, 2**53, 2**63, -1, 0)),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
    st.sampled_from(IDS),
    st.sampled_from(("2099-03-29T14:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-W01")),
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(st.sampled_from(KEYS), texts), inner, max_size=4)
    ),
    max_leaves=12,
)
payloads = st.one_of(
    anything,
    st.dictionaries(st.sampled_from(KEYS), scalars, max_size=8),
    st.fixed_dictionaries(
        {"conversation_id": st.just("REAL"), "text": scalars, "client_id": scalars},
        optional={key: st.one_of(scalars, st.lists(scalars, max_size=3)) for key in KEYS[8:]},
    ),
)


@pytest.fixture(scope="module")
def conversation_id(house: Any) -> str:
    """The conversation of a guest, so that some events find one."""
    found: list[str] = []

    async def begin() -> None:
        client = await house.socket("/webchat", {"hotel": "test"})
        answer = await client.call("user_message", {"text": "Hello", "client_id": "1"}, namespace="/webchat")
        message = await house.running.app.store.message(answer["message"]["id"])
        found.append(message.conversation_id)

    house.run(begin())
    return found[0]


@pytest.fixture
def desk(house: Any) -> Iterator[socketio.AsyncClient]:
    yield from _socket(house, "/", None)


@pytest.fixture
def chat(house: Any) -> Iterator[socketio.AsyncClient]:
    yield from _socket(house, "/webchat", {"hotel": "test"})


def _socket(house: Any, namespace: str, auth: Any) -> Iterator[socketio.AsyncClient]:
    opened: list[socketio.AsyncClient] = []

    async def open_it() -> None:
        opened.append(await house.socket(namespace, auth))

    house.run(open_it())
    yield opened[0]
    assert opened[0].connected


async def ask(client: socketio.AsyncClient, namespace: str, event: str, payload: Any) -> None:
    answer = await client.call(event, payload, namespace=namespace, timeout=7)
    assert isinstance(answer, dict), answer
    assert isinstance(answer["ok"], bool)
    assert answer["ok"] or isinstance(answer["error"], str)
    assert "went wrong here" not in answer.get("error", "")


def test_events_at_the_desk(
    house: Any, desk: socketio.AsyncClient, conversation_id: str, fuzz: Callable[..., None]
) -> None:
    def check(given: tuple[str, Any]) -> None:
        event, payload = given
        if isinstance(payload, dict) and payload.get("conversation_id") == "REAL":
            payload = {**payload, "conversation_id": conversation_id}
        house.run(ask(desk, "/", event, payload))

    fuzz(check, st.tuples(st.one_of(st.sampled_from(DESK), texts), payloads), examples=150)


def test_events_in_the_chat(house: Any, chat: socketio.AsyncClient, fuzz: Callable[..., None]) -> None:
    given = st.tuples(st.one_of(st.sampled_from(GUEST), texts), payloads)
    fuzz(lambda given: house.run(ask(chat, "/webchat", *given)), given, examples=80)


def test_connections_with_any_auth(house: Any, fuzz: Callable[..., None]) -> None:
    async def connect(auth: Any) -> None:
        try:
            client = await house.socket("/webchat", auth)
        except socketio.exceptions.ConnectionError:
            return
        await client.disconnect()

    hotels = st.fixed_dictionaries({"hotel": st.just("test"), "token": anything, "language": anything})
    fuzz(lambda auth: house.run(connect(auth)), st.one_of(hotels, anything), examples=25)
