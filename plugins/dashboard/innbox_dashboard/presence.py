"""Who is at the desk, who looks at which conversation, who writes.

Each socket has a seat. The seats of all web processes lie in the cache, a group for each hotel, for as long as they
are renewed; what one hotel's conversations tell of a member of staff, the desks of other hotels do not learn.
"""

import asyncio
import json
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from innbox import App, Cache

log = structlog.get_logger(__name__)

EVENT = "agent_status_update"
TYPING_SECONDS = 5.0
RENEW_SECONDS = 15.0
LIFE_SECONDS = 45.0  # of a seat whose process died: three renewals

Member = Mapping[str, Any]  # a seat as it lies in the cache: {user, viewing, typing, at}


def room_of(hotel: str) -> str:
    """Return the name of the Socket.IO room in which a hotel's desks are."""
    return f"hotel:{hotel}"


@dataclass(eq=False, slots=True)
class Seat:
    """One socket's place at the desk: whose it is, for which hotels, and what is done there."""

    sid: str
    user: str
    hotels: frozenset[str]
    hotel: str | None = None  # that of the conversation in view
    viewing: str | None = None
    typing: str | None = None
    at: float = 0.0
    gone: bool = False
    untold: set[str] = field(default_factory=set)  # hotels that have not heard of the last change
    timer: asyncio.TimerHandle | None = None
    telling: asyncio.Task[None] | None = None

    def as_member(self, hotel: str) -> Member:
        here = self.hotel == hotel
        return {
            "user": self.user,
            "viewing": self.viewing if here else None,
            "typing": self.typing if here else None,
            "at": self.at,
        }


def status_of(user: str, members: Iterable[Member]) -> dict[str, Any]:
    """Return what `agent_status_update` says of a member of staff who may have several desks open.

    `viewing` and `typing` are a conversation's id or None; the desk used last decides.
    """
    desks = sorted((member for member in members if member["user"] == user), key=lambda member: -member["at"])
    return {
        "user": user,
        "online": bool(desks),
        "viewing": next((desk["viewing"] for desk in desks if desk["viewing"]), None),
        "typing": next((desk["typing"] for desk in desks if desk["typing"]), None),
    }


async def online(cache: Cache, hotel: str) -> set[str]:
    """Return who is at a hotel's desk, in whichever process."""
    return {json.loads(member)["user"] for member in (await cache.members(_group(hotel))).values()}


class Presence:
    """Keeps the seats of this process. Its verbs return at once; the cache and the desks hear of it in the background,
    in order, so that neither a slow cache nor a lost one holds a socket up."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._seats: dict[str, Seat] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._known: dict[str, set[str]] = {}  # who was at each hotel's desk at the last renewal

    def arrive(self, sid: str, user: str, hotels: Collection[str]) -> None:
        """Take a seat, and tell its socket who else is there."""
        seat = self._seats[sid] = Seat(sid, user, frozenset(hotels), at=time.time())
        self._spawn(self._introduce(seat))
        self._changed(seat, seat.hotels)

    def leave(self, sid: str) -> None:
        """Give up a seat, if there is one."""
        seat = self._seats.pop(sid, None)
        if seat is not None:
            self._cancel_timer(seat)
            seat.gone = True
            self._changed(seat, seat.hotels)

    def view(self, sid: str, hotel: str, conversation_id: str) -> None:
        """Note that a conversation of `hotel` is looked at; only one is at a time."""
        seat = self._seats.get(sid)
        if seat is not None and seat.viewing != conversation_id:
            self._look(seat, hotel, conversation_id)

    def look_away(self, sid: str, conversation_id: str) -> None:
        """Note that a conversation is no longer looked at."""
        seat = self._seats.get(sid)
        if seat is not None and seat.viewing == conversation_id:
            self._look(seat, None, None)

    def write(self, sid: str, hotel: str, conversation_id: str) -> None:
        """Note that a reply is being written, for the next `TYPING_SECONDS`."""
        seat = self._seats.get(sid)
        if seat is None:
            return
        self.view(sid, hotel, conversation_id)
        self._cancel_timer(seat)
        seat.timer = asyncio.get_running_loop().call_later(TYPING_SECONDS, self.stop_writing, sid)
        if seat.typing != conversation_id:
            seat.typing = conversation_id
            self._changed(seat, {hotel})

    def stop_writing(self, sid: str) -> None:
        """Note that nothing is being written any more."""
        seat = self._seats.get(sid)
        if seat is not None and seat.typing is not None:
            self._cancel_timer(seat)
            seat.typing = None
            self._changed(seat, {seat.hotel} if seat.hotel else set())

    async def renew(self) -> None:
        """Renew this process's seats, and say that those are gone whose process died before it could say so."""
        for hotel in {hotel for seat in self._seats.values() for hotel in seat.hotels} | self._known.keys():
            await self._renew(hotel)

    async def close(self) -> None:
        """Give up all seats and wait until everybody has heard."""
        for sid in list(self._seats):
            self.leave(sid)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=2)
            for task in late:
                task.cancel()

    def _look(self, seat: Seat, hotel: str | None, conversation_id: str | None) -> None:
        self._cancel_timer(seat)
        before, seat.hotel = seat.hotel, hotel
        seat.viewing, seat.typing = conversation_id, None
        self._changed(seat, {touched for touched in (before, hotel) if touched})

    def _cancel_timer(self, seat: Seat) -> None:
        if seat.timer is not None:
            seat.timer.cancel()
            seat.timer = None

    def _changed(self, seat: Seat, hotels: Collection[str]) -> None:
        seat.at = time.time()
        seat.untold |= seat.hotels & set(hotels)
        if seat.untold and (seat.telling is None or seat.telling.done()):
            seat.telling = self._spawn(self._tell(seat))

    async def _tell(self, seat: Seat) -> None:
        while seat.untold:
            hotels, seat.untold = seat.untold, set()
            # The hotel of the conversation in view comes last: who sees several hotels ends with it.
            for hotel in sorted(hotels, key=lambda hotel: hotel == seat.hotel):
                await self._keep(seat, hotel)
                await self._announce(hotel, seat.user)

    async def _keep(self, seat: Seat, hotel: str) -> None:
        if seat.gone:
            await self._app.cache.remove_member(_group(hotel), seat.sid)
        else:
            member = json.dumps(seat.as_member(hotel)).encode()
            await self._app.cache.put_member(_group(hotel), seat.sid, member, LIFE_SECONDS)

    async def _announce(self, hotel: str, user: str) -> None:
        members = await self._members(hotel)
        await self._app.emit(EVENT, status_of(user, members.values()), room=room_of(hotel))

    async def _introduce(self, newcomer: Seat) -> None:
        found: list[Member] = []
        for hotel in newcomer.hotels:
            found.extend((await self._members(hotel)).values())
        for user in sorted({member["user"] for member in found}):
            await self._app.emit(EVENT, status_of(user, found), to_sid=newcomer.sid)

    async def _renew(self, hotel: str) -> None:
        ours = [seat for seat in self._seats.values() if hotel in seat.hotels]
        kept = await self._app.cache.members(_group(hotel))
        for seat in ours:
            await self._keep(seat, hotel)
        if any(seat.sid not in kept for seat in ours):
            return  # the cache has forgotten: nobody is called gone before all processes have renewed
        here = {member["user"] for member in (await self._members(hotel)).values()}
        for user in sorted(self._known.get(hotel, set()) - here):
            await self._announce(hotel, user)
        if ours:
            self._known[hotel] = here
        else:
            self._known.pop(hotel, None)

    async def _members(self, hotel: str) -> dict[str, Member]:
        """Return everybody's seats: those of other processes as the cache has them, ours as they are."""
        kept = await self._app.cache.members(_group(hotel))
        members: dict[str, Member] = {sid: json.loads(value) for sid, value in kept.items()}
        members.update((sid, seat.as_member(hotel)) for sid, seat in self._seats.items() if hotel in seat.hotels)
        return members

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("presence failed", error=type(error).__name__)


def _group(hotel: str) -> str:
    return f"presence:{hotel}"
