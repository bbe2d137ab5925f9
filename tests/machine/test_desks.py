"""Both stores at one desk: what staff do there, in any order, leaves the same behind in either.

Each step draws a verb of `KeepsDesk` or one that it changes, does it on both stores, and compares what they tell:
answers, events, errors, pages, counts, and what is due. Ids and times are told as numbers: each store chooses its own.
"""

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from innbox import (
    BotMode,
    Changed,
    Committed,
    Conflict,
    Conversation,
    HandOver,
    InboxQuery,
    Ingested,
    IngestRules,
    Message,
    NoReply,
    NotFound,
    Propose,
    Reply,
    StaffReply,
    TurnRecord,
    View,
    ViewQuery,
    now,
)
from innbox.testing.store_contract.scenes import (
    AT_ONCE,
    BOT_OFF,
    LONG_AGO,
    DeskStore,
    bot_draft,
    says,
    staff_draft,
)
from innbox.testing.store_machine import NewStore

STEPS = int(os.environ.get("INNBOX_MACHINE_STEPS", "300"))
SEED = int(os.environ.get("INNBOX_MACHINE_SEED", "3"))

HOTELS = ("miramar", "miramar", "palace")
STAFF = ("Ana", "Bo")
LABELS = ("vip", "VIP", "late arrival", "spa")
FIRE = IngestRules(0, 0, urgent=("fire",), ring_for="Ana", ring_seconds=0, notice="We are coming.")
RULES = (
    *([AT_ONCE] * 8),
    BOT_OFF,
    FIRE,
    replace(FIRE, ring_seconds=3600, notice=""),
    replace(AT_ONCE, opts_out=True),
    replace(AT_ONCE, opts_out=False),
)
LATER = now() + timedelta(days=1)
TIMES = (LONG_AGO, LATER)


class Side:
    """One of the stores, and the names by which it knows what both have."""

    def __init__(self, store: DeskStore) -> None:
        self.store = store
        self.talks: list[str] = []
        self.scheduled: list[str] = []
        self._written: dict[tuple[str, Any], int] = {}  # conversation and time, to the message's number

    def number(self, conversation_id: str) -> int:
        if conversation_id not in self.talks:
            self.talks.append(conversation_id)
        return self.talks.index(conversation_id)

    def told(self, found: Any) -> Any:
        """Return what a verb tells, without what each store chooses."""
        match found:
            case Conversation():
                return self._conversation(found)
            case Message():
                self._written.setdefault((found.conversation_id, found.created_at), found.seq)
                return (found.seq, found.direction, found.author, found.text, found.status, sorted(found.meta))
            case Ingested() | Changed() | Committed():
                messages = [found.message] if isinstance(found, Ingested) else found.messages
                events = [event.name for event in found.events]
                said = [self.told(message) for message in messages]
                return (said, events, self.told(found.conversation), getattr(found, "verdict", None))
            case _:
                return found

    def _conversation(self, found: Conversation) -> Any:
        last, urgent, draft = self.told(found.last_message), found.urgent, found.suggestion
        known = {"id": self.number(found.id), "last_message": last, "last_at": None}
        guest = replace(found.guest, id="")
        waiting = found.waiting_since and self._written.get((found.id, found.waiting_since))
        return replace(
            found,
            guest=guest,
            waiting_since=waiting,  # type: ignore[arg-type]  # a number
            urgent=urgent and replace(urgent, since=LONG_AGO),
            suggestion=draft and replace(draft, id="", turn_id=""),
            **known,
        )


Step = Callable[[Side], Awaitable[Any]]


async def outcome(side: Side, step: Step) -> Any:
    try:
        return side.told(await step(side))
    except (Conflict, NotFound) as error:
        return type(error)


async def overview(side: Side) -> dict[str, Any]:
    """Return what the desk shows beside the conversations, and what workers would find."""
    store = side.store
    due = await store.due(500)
    timers = await store.due_timers(500)
    pages = {view: (await store.view(ViewQuery(view, "Ana", limit=7))).conversations for view in View}
    labelled = {label: (await store.view(ViewQuery(View.ALL, "Bo", label=label))).conversations for label in LABELS}
    found = (await store.inbox(InboxQuery(q="vip"))).conversations
    return {
        "due": [sorted(map(side.number, ids)) for ids in (due.answer, due.deliver)],
        "timers": sorted((timer.kind, timer.hotel, side.number(timer.conversation_id)) for timer in timers),
        "pages": {view: [side.told(one) for one in page] for view, page in pages.items()},
        "labelled": {label: [side.number(one.id) for one in page] for label, page in labelled.items()},
        "found": [side.number(one.id) for one in found],
        "counts": [await store.view_counts(user, hotels) for user in STAFF for hotels in (None, frozenset({"palace"}))],
        "labels": await store.labels(None),
        "scheduled": [[(one.user, one.text, one.at) for one in await store.scheduled(id)] for id in side.talks],
    }


def draw(random: Random, talks: int, scheduled: int) -> tuple[str, Step]:
    """Return a step by name."""
    if not talks or random.random() < 0.25:
        return _write(random)
    n, user, at = random.randrange(talks), random.choice(STAFF), random.choice(TIMES)
    mode, rules = random.choice((*BotMode, None)), random.choice((AT_ONCE, BOT_OFF))
    labels = random.sample(LABELS, random.randrange(4))
    assignee, client_id = random.choice((*STAFF, None)), random.choice((None, "c-1", "c-2"))
    steps: dict[str, Step] = {
        "set_labels": lambda on: on.store.set_labels(on.talks[n], labels),
        "assign": lambda on: on.store.assign(on.talks[n], assignee),
        "snooze": lambda on: on.store.snooze(on.talks[n], at),
        "set_bot_mode": lambda on: on.store.set_bot_mode(on.talks[n], mode),
        "set_bot_back": lambda on: on.store.set_bot_back(on.talks[n], sometimes(n, at)),
        "acknowledge": lambda on: on.store.acknowledge(on.talks[n], user),
        "wake_snoozed": lambda on: on.store.wake_snoozed(on.talks[n]),
        "bot_back": lambda on: on.store.bot_back(on.talks[n], rules),
        "ring": lambda on: on.store.ring(on.talks[n], assignee, sometimes(n, at)),
        "take_over": lambda on: on.store.take_over(on.talks[n], user),
        "return_to_bot": lambda on: on.store.return_to_bot(on.talks[n], rules),
        "resolve": lambda on: on.store.resolve(on.talks[n]),
        "mark_read": lambda on: on.store.mark_read(on.talks[n]),
        "set_opt_out": lambda on: on.store.set_opt_out(on.talks[n], at == LATER),
        "staff_message": lambda on: on.store.staff_message(on.talks[n], user, [staff_draft("Hi", user)], None),
        "schedule": lambda on: _schedule(on, n, user, at, client_id),
        "reply": lambda on: _reply(on, n, user, sometimes(n + talks, 1)),
        "dismiss": lambda on: _dismiss(on, n, user),
        "turn": lambda on: _turn(on, n, _END[(n + talks + len(labels)) % len(_END)]),
    }
    if scheduled:
        k = random.randrange(scheduled)
        steps["send_scheduled"] = lambda on: on.store.send_scheduled(on.scheduled[k], [staff_draft("Later", user)])
        steps["unschedule"] = lambda on: on.store.unschedule(on.scheduled[k])
    name = random.choice([*steps, "turn", "turn"])
    return f"{name} {n}", steps[name]


def sometimes(number: int, value: Any) -> Any:
    return value if number % 3 else None


def _write(random: Random) -> tuple[str, Step]:
    handle, hotel, rules = f"+35191100000{random.randrange(9)}", random.choice(HOTELS), random.choice(RULES)
    text = random.choice(("Hello", "When is breakfast?", "vip"))
    inbound = says(text, handle=handle, hotel=hotel)
    return f"ingest {handle} at {hotel}", lambda on: on.store.ingest(inbound, rules)


_END = (
    Reply((bot_draft("At eight"),), TurnRecord(), even_if_newer=True),
    HandOver("Asks for a person", TurnRecord(), notice=bot_draft("A colleague will answer.")),
    NoReply(TurnRecord()),
    Propose("At eight?", TurnRecord(), even_if_newer=True),
    Propose("At nine?", TurnRecord()),
)


async def _turn(on: Side, n: int, end: Any) -> Any:
    await on.store.heartbeat("worker")
    turn = await on.store.claim_turn("worker", on.talks[n], 20)
    return await on.store.commit_turn(turn, end) if turn else None


async def _schedule(on: Side, n: int, user: str, at: Any, client_id: str | None) -> Any:
    scheduled, changed = await on.store.schedule(on.talks[n], user, "Later", at, client_id)
    if not changed.duplicate:
        on.scheduled.append(scheduled.id)
    return changed


async def _reply(on: Side, n: int, user: str, seen_seq: int | None) -> Any:
    draft = await _draft_of(on, n)
    return await on.store.reply(
        StaffReply(on.talks[n], user, (staff_draft("Hi", user),), seen_seq=seen_seq, suggestion_id=draft)
    )


async def _dismiss(on: Side, n: int, user: str) -> Any:
    return await on.store.dismiss_suggestion(on.talks[n], await _draft_of(on, n) or "none", user)


async def _draft_of(on: Side, n: int) -> str | None:
    found = await on.store.conversation(on.talks[n])
    return found.suggestion.id if found and found.suggestion else None


async def test_both_stores_keep_the_same_desk(on_sqlite: NewStore, on_postgres: NewStore) -> None:
    random, story = Random(SEED), list[str]()
    async with on_sqlite() as small, on_postgres() as large:
        sides: Sequence[Side] = [Side(small.store), Side(large.store)]  # type: ignore[arg-type]
        for number in range(STEPS):
            name, step = draw(random, len(sides[0].talks), len(sides[0].scheduled))
            story.append(f"{number}. {name}")
            outcomes = [await outcome(side, step) for side in sides]
            assert outcomes[0] == outcomes[1], "\n".join(story[-30:])
            if number % 10 == 0 or number == STEPS - 1:
                views = [await overview(side) for side in sides]
                assert views[0] == views[1], "\n".join(story[-30:])
