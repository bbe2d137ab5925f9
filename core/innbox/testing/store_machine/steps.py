"""The steps of a walk: each draws what it does from its own random numbers, does it, and compares."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar

from innbox.desk import KeepsDesk
from innbox.errors import InnboxError, NotFound
from innbox.messages import (
    Address,
    Author,
    AuthorKind,
    Delivery,
    DeliveryStatus,
    Direction,
    Effect,
    Failure,
    Inbound,
    StatusReport,
    Template,
    Turn,
    TurnRecord,
    User,
    now,
)
from innbox.ports import (
    DeliveryEnd,
    Draft,
    Finish,
    HandOver,
    IngestRules,
    NoReply,
    Reply,
    Store,
    TurnEnd,
    WaitAndAsk,
    WaitAndSend,
)
from innbox.testing.store_machine.compare import differences
from innbox.testing.store_machine.model import House, Talk

T = TypeVar("T")

HOTELS = ("miramar", "miramar", "miramar", "palace")
CHANNELS = ("whatsapp", "whatsapp", "whatsapp", "webchat")
WORKERS = ("worker-1", "worker-2", "worker-3")
STAFF = ("Ana", "Bo")
USERS = ("Ana", "ANA", "Zoë", "ZOË", "Straße", "STRASSE", "Rui")
LONG_AGO = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
HOUR = timedelta(hours=1)
AT_ONCE_RULES = IngestRules(wait_seconds=0, wait_at_most_seconds=0)
RULES = (
    *([AT_ONCE_RULES] * 8),
    IngestRules(wait_seconds=0, wait_at_most_seconds=0, reply_window=timedelta(hours=24)),
    IngestRules(wait_seconds=3600, wait_at_most_seconds=7200),
    IngestRules(wait_seconds=7200, wait_at_most_seconds=3600),
    IngestRules(wait_seconds=0, wait_at_most_seconds=0, bot_on=False),
)
REPORTED = (
    DeliveryStatus.SENDING,
    DeliveryStatus.SENT,
    DeliveryStatus.SENT,
    DeliveryStatus.FAILED,
    DeliveryStatus.DELIVERED,
    DeliveryStatus.READ,
)
OLD_CLAIMS = 12  # how many claims are remembered, to be tried again once they are lost


class Mismatch(AssertionError):
    """A store did not do what the model did; the text says where."""


@dataclass
class Scene:
    """A store, the model of it, and what the steps so far have left in people's hands."""

    store: Store
    set_seen: Callable[[str, datetime], Awaitable[None]]
    house: House = field(default_factory=House)
    turns: list[tuple[Talk, Turn]] = field(default_factory=list)
    deliveries: list[tuple[Talk, Delivery]] = field(default_factory=list)
    users: dict[str, tuple[User, str]] = field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    number: int = 0  # of the step
    story: list[str] = field(default_factory=list)  # what was done, for people

    def note(self, *words: object) -> None:
        self.story.append(" ".join(str(word) for word in (f"{self.number}.", *words)))

    def expect(self, expected: Any, found: Any, at: str = "") -> None:
        """Compare; an expected class of error is one that was raised."""
        if isinstance(expected, type):
            if not isinstance(found, expected):
                raise Mismatch(f"{at}: expected {expected.__name__}, found {found!r}")
            return
        if lines := list(differences(expected, found, at)):
            raise Mismatch("\n".join(lines))

    async def look_at(self, talk: Talk) -> None:
        """Compare a conversation and its newest messages."""
        self.expect(talk.now_is(), await self.store.conversation(talk.id), "conversation")
        page = await self.store.history(talk.id, None, 12)
        self.expect(talk.messages[-12:], page.messages, "history")

    def recent(self, rng: Random) -> Talk:
        """Return a conversation, rather a new one than an old one."""
        talks = self.house.talks
        return rng.choice(talks[-10:] if rng.random() < 0.9 else talks)


async def outcome(work: Awaitable[T]) -> Any:
    """Return the result, or the error that Innbox raises on purpose."""
    try:
        return await work
    except InnboxError as error:
        return error


# guests


async def guest_writes(scene: Scene, rng: Random) -> Talk | None:
    house = scene.house
    inbound, rules = _inbound(scene, rng), rng.choice(RULES)
    scene.note("ingest", inbound.hotel, inbound.address, inbound.aliases, inbound.provider_id, rules)
    found = await scene.store.ingest(inbound, rules)
    scene.expect(house.ingest(inbound, rules, found), found)
    return next(talk for talk in house.talks if talk.id == found.conversation.id)


def _inbound(scene: Scene, rng: Random) -> Inbound:
    hotel, address = rng.choice(HOTELS), _address(scene, rng)
    provider_id = f"SM-in-{scene.number}"
    seen = [key[1] for key in scene.house.webhooks if key[0] == address.channel]
    if seen and rng.random() < 0.12:
        provider_id = rng.choice(seen[-20:])
    return Inbound(
        hotel=hotel,
        address=address,
        provider_id=provider_id,
        text=f"Message {scene.number}",
        guest_name=rng.choice((None, None, "Rui", "Zoë")),
        language=rng.choice((None, None, "pt", "en")),
        aliases=(_address(scene, rng),) if rng.random() < 0.1 else (),
        sent_at=rng.choice((None, None, now() - HOUR)),
        meta=rng.choice(({}, {}, {"button": "yes"})),
    )


def _address(scene: Scene, rng: Random) -> Address:
    newest = scene.number // 150
    return Address(rng.choice(CHANNELS), f"+3519{max(0, newest - rng.randrange(2)):04}{rng.randrange(4)}")


async def provider_reports(scene: Scene, rng: Random) -> Talk:
    talk = scene.recent(rng)
    out = [said for said in talk.said if said.message.direction is Direction.OUT][-4:]
    of_all = rng.choice(out).message if out else talk.said[-1].message
    by_its_id = of_all.provider_id is not None and rng.random() < 0.5
    report = StatusReport(
        channel=talk.shown.channel,
        status=rng.choice(REPORTED),
        message_id=None if by_its_id else of_all.id,
        provider_id=of_all.provider_id if by_its_id else _some_id(scene, rng, of_all.id),
        failure=_failure(rng),
    )
    scene.note("report", report)
    found = await scene.store.report_status(report)
    scene.expect(scene.house.report_status(report, found), found)
    return talk


def _provider_id(scene: Scene, rng: Random) -> str | None:
    return rng.choice((None, f"SM-out-{scene.number}", f"SM-out-{scene.number - scene.number % 40}"))


def _some_id(scene: Scene, rng: Random, message_id: str) -> str | None:
    """Return an id, rather one of an earlier attempt at the message where there was one."""
    earlier = scene.house.earlier_ids(message_id)
    return rng.choice(earlier) if earlier and rng.random() < 0.7 else _provider_id(scene, rng)


def _failure(rng: Random) -> Failure | None:
    return rng.choice((None, Failure("63024", "No such recipient"), Failure("timeout", "No answer in time")))


# workers


async def worker_beats(scene: Scene, rng: Random) -> None:
    worker = rng.choice(WORKERS)
    scene.note("heartbeat", worker)
    await scene.store.heartbeat(worker)
    await scene.set_seen(worker, now() + HOUR)  # it lives until a step says otherwise, however slow the walk is
    scene.house.heartbeat(worker)


async def worker_falls_silent(scene: Scene, rng: Random) -> None:
    worker = rng.choice(WORKERS)
    scene.note("silent", worker)
    await scene.set_seen(worker, now() - HOUR)
    scene.house.fall_silent(worker)


async def worker_retires(scene: Scene, rng: Random) -> None:
    worker = rng.choice(WORKERS)
    scene.note("retire", worker)
    await scene.store.retire(worker)
    scene.house.retire(worker)


async def turn_is_claimed(scene: Scene, rng: Random) -> Talk:
    talk, worker, history = scene.recent(rng), rng.choice(WORKERS), rng.choice((0, 1, 3, 20))
    due = [talk for talk in scene.house.talks if scene.house.claimable_turn(talk)]
    if due and rng.random() < 0.9:
        talk = rng.choice(due)
    scene.note("claim turn", talk.id, worker, history)
    found = await scene.store.claim_turn(worker, talk.id, history)
    scene.expect(scene.house.claim_turn(talk, worker, history, found), found)
    if found is not None:
        scene.turns = [*scene.turns, (talk, found)][-OLD_CLAIMS:]
    return talk


async def turn_ends(scene: Scene, rng: Random) -> Talk | None:
    if not scene.turns:
        return None
    talk, turn = _held(scene.turns, rng)
    end, worker = _turn_end(scene, rng), rng.choice((None, *WORKERS))
    scene.note("commit", talk.id, turn.id, end, worker)
    found = await scene.store.commit_turn(turn, end, deliver_as=worker)
    scene.expect(scene.house.commit_turn(talk, turn, end, found), replace(found, delivery=None))
    if worker is not None and found.deliver:
        scene.expect(scene.house.claim_delivery(talk, worker, found.delivery), found.delivery)
    if found.delivery is not None:
        scene.deliveries = [*scene.deliveries, (talk, found.delivery)][-OLD_CLAIMS:]
    return talk


def _turn_end(scene: Scene, rng: Random) -> TurnEnd:
    record, kind = TurnRecord(model="test"), rng.random()
    if kind < 0.7:
        drafts = tuple(_draft(scene, rng, AuthorKind.BOT, part) for part in range(rng.choice((1, 1, 1, 2, 3))))
        effects = (Effect("table", "A table for two"),) if rng.random() < 0.1 else ()
        return Reply(drafts, record, effects, even_if_newer=rng.random() < 0.4)
    if kind < 0.85:
        return HandOver("Asks for a person", record, rng.choice((None, _draft(scene, rng, AuthorKind.BOT, 0))))
    return NoReply(record)


def _draft(scene: Scene, rng: Random, kind: AuthorKind, part: int, name: str | None = None) -> Draft:
    return Draft(
        f"Text {scene.number}.{part}",
        Author(kind, name),
        template=Template("HX1", {"1": "Rui"}) if rng.random() < 0.05 else None,
        meta=rng.choice(({}, {"trace": f"trace-{scene.number}"})),
    )


async def turn_is_given_back(scene: Scene, rng: Random) -> Talk | None:
    if not scene.turns:
        return None
    talk, turn = _held(scene.turns, rng)
    again_at = rng.choice((None, None, LONG_AGO, now() + HOUR))
    scene.note("release", talk.id, turn.id, again_at)
    await scene.store.release_turn(turn, again_at)
    scene.house.release_turn(talk, turn, again_at)
    return talk


def _held(claims: Sequence[tuple[Talk, T]], rng: Random) -> tuple[Talk, T]:
    """Return one of the claims made, rather a new one: the old ones are mostly lost."""
    return claims[-1] if rng.random() < 0.6 else rng.choice(claims)


async def delivery_is_claimed(scene: Scene, rng: Random) -> Talk:
    talk, worker = scene.recent(rng), rng.choice(WORKERS)
    due = [talk for talk in scene.house.talks if scene.house.claimable_delivery(talk)]
    if due and rng.random() < 0.9:
        talk = rng.choice(due)
    scene.note("claim delivery", talk.id, worker)
    found = await scene.store.claim_delivery(worker, talk.id)
    scene.expect(scene.house.claim_delivery(talk, worker, found), found)
    if found is not None:
        scene.deliveries = [*scene.deliveries, (talk, found)][-OLD_CLAIMS:]
    return talk


async def delivery_ends(scene: Scene, rng: Random) -> Talk | None:
    if not scene.deliveries:
        return None
    talk, delivery = _held(scene.deliveries, rng)
    end = _delivery_end(scene, rng)
    scene.note("settle", talk.id, delivery.outgoing.message_id, end)
    found = await scene.store.settle_delivery(delivery, end)
    scene.expect(scene.house.settle_delivery(talk, delivery, end), found)
    return talk


def _delivery_end(scene: Scene, rng: Random) -> DeliveryEnd:
    kind, at = rng.random(), rng.choice((LONG_AGO, LONG_AGO, LONG_AGO, now() + HOUR))
    if kind < 0.2:
        return WaitAndSend(at, _failure(rng))
    if kind < 0.4:
        return WaitAndAsk(at, _failure(rng), absent=rng.random() < 0.5)
    status = rng.choice(("sent", "sent", "sent", "delivered", "read", "failed", "parked", "cancelled"))
    failure = _failure(rng) if status in ("failed", "parked") else None
    return Finish(status, _provider_id(scene, rng), failure)


# staff


async def staff_replies(scene: Scene, rng: Random) -> Talk:
    talk, user, client_id = scene.recent(rng), rng.choice(STAFF), _client_id(rng)
    drafts = [_draft(scene, rng, AuthorKind.STAFF, part, user) for part in range(rng.choice((1, 1, 2)))]
    scene.note("staff message", talk.id, user, len(drafts), client_id)
    found = await scene.store.staff_message(talk.id, user, drafts, client_id)
    scene.expect(scene.house.staff_message(talk, user, drafts, client_id, found), found)
    return talk


async def staff_note(scene: Scene, rng: Random) -> Talk:
    talk, user, client_id = scene.recent(rng), rng.choice(STAFF), _client_id(rng)
    text = f"Note {scene.number}"
    scene.note("staff note", talk.id, user, client_id)
    found = await scene.store.staff_note(talk.id, user, text, client_id)
    scene.expect(scene.house.staff_note(talk, user, text, client_id, found), found)
    return talk


def _client_id(rng: Random) -> str | None:
    return rng.choice((None, f"c-{rng.randrange(12)}"))


async def staff_take_over(scene: Scene, rng: Random) -> Talk:
    talk, user = scene.recent(rng), rng.choice(STAFF)
    scene.note("take over", talk.id, user)
    found = await outcome(scene.store.take_over(talk.id, user))
    scene.expect(scene.house.take_over(talk, user), found)
    return talk


async def staff_return(scene: Scene, rng: Random) -> Talk:
    talk = scene.recent(rng)
    scene.note("return", talk.id)
    found = await scene.store.return_to_bot(talk.id, AT_ONCE_RULES)
    scene.expect(scene.house.return_to_bot(talk), found)
    return talk


async def staff_resolve(scene: Scene, rng: Random) -> Talk:
    talk = scene.recent(rng)
    scene.note("resolve", talk.id)
    found = await scene.store.resolve(talk.id)
    scene.expect(scene.house.resolve(talk), found)
    return talk


async def staff_read(scene: Scene, rng: Random) -> Talk:
    talk = scene.recent(rng)
    scene.note("mark read", talk.id)
    found = await scene.store.mark_read(talk.id)
    scene.expect(scene.house.mark_read(talk), found)
    return talk


async def staff_retry(scene: Scene, rng: Random) -> Talk | None:
    return await _staff_decide(scene, rng, DeliveryStatus.FAILED)


async def staff_decide(scene: Scene, rng: Random) -> Talk | None:
    return await _staff_decide(scene, rng, DeliveryStatus.PARKED)


async def _staff_decide(scene: Scene, rng: Random, status: DeliveryStatus) -> Talk | None:
    """Let staff decide about a message, mostly one that stands as it must for that; where the store keeps a desk."""
    store, house = scene.store, scene.house
    if not isinstance(store, KeepsDesk):
        return None
    said = [(talk, said) for talk in house.talks[-10:] for said in talk.said]
    waiting = [one for one in said if one[1].message.status is status]
    talk, about = rng.choice(waiting if waiting and rng.random() < 0.9 else said)
    arrived = rng.random() < 0.5
    scene.note("decide", status, talk.id, about.message.id, arrived)
    if status is DeliveryStatus.FAILED:
        found = await outcome(store.retry(about.message.id))
        scene.expect(house.retry(talk, about), found)
    else:
        found = await outcome(store.decide(about.message.id, arrived))
        scene.expect(house.decide(talk, about, arrived), found)
    return talk


# people and settings


async def user_is_added_or_changed(scene: Scene, rng: Random) -> None:
    name, kind = rng.choice(USERS), rng.random()
    known = scene.users.get(name.lower())
    password = f"hash-{scene.number}"
    scene.note("user", name, kind)
    if kind < 0.4:
        user = User(name, rng.choice(("agent", "admin")), rng.choice((None, frozenset({"miramar"}))), created_at=now())
        error = await outcome(scene.store.add_user(user, password))
        if (error is None) == (known is not None):
            raise Mismatch(f"user {name}: {'taken' if known else 'free'}, and the store said {error!r}")
        if known is None:
            scene.users[name.lower()] = (user, password)
    else:
        work = scene.store.set_password(name, password)
        expected: Any = None if known else NotFound
        scene.expect(expected, await outcome(work), f"password of {name}")
        if known:
            scene.users[name.lower()] = (known[0], password)
    found = await scene.store.user(name)
    scene.expect(scene.users.get(name.lower()), found, f"user {name}")


async def settings_change(scene: Scene, rng: Random) -> None:
    hotel = rng.choice(HOTELS)
    values = {
        key: rng.choice((None, True, "text", {"a": [1, None]})) for key in rng.sample(("bot", "instructions", "x"), 2)
    }
    scene.note("settings", hotel, values)
    await scene.store.change_settings(hotel, values, "Ana")
    mine = {**scene.settings.get(hotel, {}), **values}
    scene.settings[hotel] = {key: value for key, value in mine.items() if value is not None}
    expected = {hotel: values for hotel, values in scene.settings.items() if values}
    scene.expect(expected, await scene.store.settings(), "settings")


Step = Callable[[Scene, Random], Awaitable[Talk | None]] | Callable[[Scene, Random], Awaitable[None]]

WEIGHTS: dict[Step, int] = {
    guest_writes: 16,
    provider_reports: 8,
    worker_beats: 4,
    worker_falls_silent: 1,
    worker_retires: 1,
    turn_is_claimed: 14,
    turn_ends: 14,
    turn_is_given_back: 3,
    delivery_is_claimed: 14,
    delivery_ends: 14,
    staff_replies: 3,
    staff_note: 2,
    staff_take_over: 3,
    staff_return: 5,
    staff_resolve: 2,
    staff_read: 2,
    staff_retry: 3,
    staff_decide: 2,
    user_is_added_or_changed: 1,
    settings_change: 1,
}
