"""Walks of many steps: seeded, compared after each step, looked at as a whole now and then, and made short."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from random import Random

from innbox.messages import Conversation, ConversationStatus, DeliveryStatus, HandledBy
from innbox.ports import InboxQuery, Store
from innbox.testing.store_machine.model import House, Talk
from innbox.testing.store_machine.steps import WEIGHTS, Mismatch, Scene, Step

LOOK_AT_ALL = 100  # steps
SHRINK_WALKS = 60
NO_SEQ = (-1, 0, 2**31, 10**15, 2**63)  # what a page may ask for all the same
NOT_AT_REST = (DeliveryStatus.PENDING, DeliveryStatus.SENDING, DeliveryStatus.UNKNOWN, DeliveryStatus.PARKED)


@dataclass(frozen=True, slots=True)
class StoreAtHand:
    """An empty store, and a way past it to set when a worker was last seen."""

    store: Store
    set_seen: Callable[[str, datetime], Awaitable[None]]


NewStore = Callable[[], AbstractAsyncContextManager[StoreAtHand]]


class Disagreement(AssertionError):
    """A store and the model went different ways. `steps` are the numbers of the steps that lead there."""

    def __init__(self, text: str, steps: Sequence[int]) -> None:
        super().__init__(text)
        self.steps = tuple(steps)


async def walk(at_hand: StoreAtHand, seed: int, steps: int | Sequence[int]) -> House:
    """Drive an empty store through the steps of a seed (a count, or their numbers) and return the model as it is then.

    Raises `Disagreement`, with the story of the last steps, where the store does not do what the model does.
    """
    scene = Scene(at_hand.store, at_hand.set_seen)
    numbers = range(1, steps + 1) if isinstance(steps, int) else steps
    try:
        for number in numbers:
            scene.number = number
            await _take_step(scene, seed)
            if number % LOOK_AT_ALL == 0:
                await _look_at_all(scene, Random(number))
        await _look_at_all(scene, Random(seed))
    except Exception as error:
        last = "\n".join(scene.story[-30:])
        what = str(error) if isinstance(error, Mismatch) else f"{type(error).__name__}: {error}"
        done = [number for number in numbers if number <= scene.number]
        raise Disagreement(f"seed {seed}, step {scene.number}\n{last}\n{what}", done) from error
    return scene.house


async def shrink(new_store: NewStore, seed: int, steps: Sequence[int]) -> Disagreement | None:
    """Leave out steps for as long as the store still goes another way; return the shortest way found, if any."""
    shortest: Disagreement | None = None
    left, chunk, walks = list(steps), max(len(steps) // 2, 1), 0
    while walks < SHRINK_WALKS:
        begin, shorter = 0, False
        while begin < len(left) and walks < SHRINK_WALKS:
            walks += 1
            error = await _fails(new_store, seed, left[:begin] + left[begin + chunk :])
            if error is not None:
                shortest, left, shorter = error, list(error.steps), True
            else:
                begin += chunk
        if chunk == 1 and not shorter:
            break
        chunk = max(chunk // 2, 1)
    return shortest


async def _fails(new_store: NewStore, seed: int, steps: Sequence[int]) -> Disagreement | None:
    async with new_store() as at_hand:
        try:
            await walk(at_hand, seed, steps)
        except Disagreement as error:
            return error
    return None


async def _take_step(scene: Scene, seed: int) -> None:
    rng = Random(f"{seed}:{scene.number}")
    step: Step = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    if not scene.house.talks:
        step = next(iter(WEIGHTS))  # a guest writes: without a conversation there is nothing to do
    if (talk := await step(scene, rng)) is not None:
        await scene.look_at(talk)


async def _look_at_all(scene: Scene, rng: Random) -> None:
    await _look_at_conversations(scene, rng)
    await _look_at_work(scene)
    await _look_at_inbox(scene, rng)
    await _look_at_events(scene, rng)
    await _look_at_people(scene)


async def _look_at_conversations(scene: Scene, rng: Random) -> None:
    for talk in scene.house.talks[-25:]:
        scene.expect(talk.now_is(), await scene.store.conversation(talk.id), "conversation")
        page = await scene.store.history(talk.id, None, 10_000)
        scene.expect(talk.messages, page.messages, f"history of {talk.id}")
        shown = talk.shown
        await _look_at_a_page(scene, talk, rng)
        by_handle = await scene.store.conversation_for(shown.hotel, shown.channel, shown.guest.handle)
        scene.expect(talk.now_is(), by_handle, f"conversation for {shown.guest.handle}")


async def _look_at_a_page(scene: Scene, talk: Talk, rng: Random) -> None:
    before, limit = rng.choice((*NO_SEQ, rng.randrange(1, len(talk.said) + 2))), rng.choice((1, 3, 500))
    wanted = [message for message in talk.messages if message.seq < before]
    page = await scene.store.history(talk.id, before, limit)
    scene.expect(tuple(wanted[-limit:]), page.messages, f"page of {talk.id} before {before}")
    scene.expect(wanted[-limit].seq if len(wanted) > limit else None, page.next_before, "next before")


async def _look_at_work(scene: Scene) -> None:
    house = scene.house
    due = await scene.store.due(10_000)
    answer = {talk.id for talk in house.talks if house.claimable_turn(talk)}
    scene.expect((), tuple(sorted(answer ^ set(due.answer))), "due turns, one side only")
    deliver = {talk.id for talk in house.talks if house.claimable_delivery(talk)}
    scene.expect((), tuple(sorted(deliver ^ set(due.deliver))), "due deliveries, one side only")
    pulse = await scene.store.pulse()
    scene.expect(len(house.alive), pulse.workers, "living workers")
    states = [message.status for talk in house.talks for message in talk.messages]
    expected = {state.value: states.count(state) for state in NOT_AT_REST if state in states}
    scene.expect(expected, {state: count for state, count in pulse.deliveries.items() if count}, "deliveries")
    waiting = [talk.unanswered()[0].created_at for talk in house.talks if talk.answer_at and talk.unanswered()]
    scene.expect(min(waiting, default=None), pulse.oldest_unanswered_at, "oldest unanswered")


async def _look_at_inbox(scene: Scene, rng: Random) -> None:
    hotels = rng.choice((None, frozenset({"miramar"}), frozenset({"miramar", "palace"}), frozenset[str]()))
    status = rng.choice((None, *(one.value for one in ConversationStatus)))
    hands = rng.choice((None, *(one.value for one in HandledBy)))
    expected = [
        conversation
        for talk in scene.house.talks
        if (conversation := talk.now_is())
        and (hotels is None or conversation.hotel in hotels)
        and status in (None, conversation.status.value)
        and hands in (None, conversation.handled_by.value)
    ]
    expected.sort(key=lambda one: (one.last_at, one.id), reverse=True)
    found: list[Conversation] = []
    cursor, limit = None, rng.choice((1, 3, 50))
    for _ in range(8):
        page = await scene.store.inbox(InboxQuery(hotels, status, hands, None, cursor, limit))
        scene.expect(len(scene.house.log), page.last_event, "last event of a page")
        found += page.conversations
        cursor = page.next_cursor
        if cursor is None:
            break
    scene.expect(tuple(expected[: limit * 8]), tuple(found), "inbox")
    scene.expect(len(expected) > limit * 8, cursor is not None, "a page more")


async def _look_at_events(scene: Scene, rng: Random) -> None:
    house, last = scene.house, len(scene.house.log)
    scene.expect(last, await scene.store.last_event(), "last event")
    after, limit = rng.choice((*NO_SEQ, *[rng.randrange(max(0, last - 400), last + 1)] * 6)), rng.choice((1, 50, 500))
    hotels = rng.choice((None, frozenset({"palace"}), frozenset({"miramar", "palace"})))
    wanted = [number for number in range(max(after, 0) + 1, last + 1) if _of(house, number, hotels)]
    page = await scene.store.events_since(after, hotels, limit)
    scene.expect(tuple(house.event(number) for number in wanted[:limit]), page.events, "events")
    scene.expect(len(wanted) > limit, page.more, "more events")
    scene.expect(wanted[limit - 1] if page.more else last, page.last_event, "told up to")


def _of(house: House, number: int, hotels: frozenset[str] | None) -> bool:
    return hotels is None or house.log[number - 1][1].shown.hotel in hotels


async def _look_at_people(scene: Scene) -> None:
    expected = tuple(sorted((user for user, _ in scene.users.values()), key=lambda user: user.name))
    found = tuple(sorted(await scene.store.users(), key=lambda user: user.name))
    scene.expect(expected, found, "users")
