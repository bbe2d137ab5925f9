"""A promise about the desk: what it shows is what is stored, whatever happened to its socket."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
import socketio

from innbox.messages import User
from innbox.testing.chaos.counting import Result
from innbox.testing.chaos.house import House, conclude, eventually, open_house
from innbox.testing.chaos.plan import Plan
from innbox.testing.chaos.promises_of_services import writing
from innbox.testing.chaos.servers import start_within

PASSWORD = "a long password for tests"
BEAT_SECONDS = 5.0  # as often as the desk's page asks what it missed
TRUE_AGAIN_SECONDS = 15.0


class Desk:
    """A desk without a page: signed in, applying what it hears, asking with `sync` for what it may have missed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._cookies = ""
        self._cursor = 0
        self._socket: socketio.AsyncClient | None = None
        self.statuses: dict[str, str | None] = {}  # by message
        self.hands: dict[str, str] = {}  # by conversation
        self._news: dict[str, int] = {}  # by message or conversation: the event that said so last
        self.cuts = 0

    async def sign_in(self, name: str) -> None:
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session,
            session.post(
                f"{self._url}/login", data={"username": name, "password": PASSWORD}, allow_redirects=False
            ) as answer,
        ):
            assert answer.status == 303, await answer.text()
            self._cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in session.cookie_jar)

    async def live(self) -> None:
        """Connect, catch up and beat, for ever."""
        while True:
            try:
                await self._once()
            except (socketio.exceptions.SocketIOError, TimeoutError, OSError, aiohttp.ClientError):
                pass
            finally:
                await self.leave()
            await asyncio.sleep(0.5)

    async def cut(self) -> None:
        """Cut the connection without a word, as a lost network does."""
        socket = self._socket
        if socket is not None and socket.eio.ws is not None:
            self.cuts += 1
            await socket.eio.ws.close()

    async def leave(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.shutdown()

    async def _once(self) -> None:
        socket = socketio.AsyncClient(reconnection=False)
        for name in ("new_message", "message_update", "conversation_update"):
            socket.on(name, self._listener(name))
        self._socket = socket
        await socket.connect(self._url, headers={"Cookie": self._cookies}, transports=["websocket"], wait_timeout=3)
        while socket.connected:
            await self._sync(socket)
            for _ in range(int(BEAT_SECONDS / 0.1)):
                if not socket.connected:
                    break
                await asyncio.sleep(0.1)

    async def _sync(self, socket: socketio.AsyncClient) -> None:
        more = True
        while more:
            answer: dict[str, Any] = await socket.call("sync", {"since": self._cursor}, timeout=5)
            if not answer.get("ok"):
                return
            for event in answer["events"]:
                self._apply(event["name"], {**event["data"], "event": event["event"]})
                self._cursor = max(self._cursor, event["event"])
            more = bool(answer.get("more"))
            if not more:
                self._cursor = max(self._cursor, answer["last_event"])

    def _listener(self, name: str) -> Any:
        return lambda data: self._apply(name, data)

    def _apply(self, name: str, data: Mapping[str, Any]) -> None:
        number = data.get("event") or 0
        if number < self._news.get(data["id"], 0):
            return
        self._news[data["id"]] = number
        if name == "conversation_update":
            self.hands[data["id"]] = data["handled_by"]
        else:
            self.statuses[data["id"]] = data["status"]


async def desk_tells_the_truth(plan: Plan) -> Result:
    """15: Redis is killed, the web process too, and sockets are cut while guests write."""
    result = Result("15", "the desk tells the truth")
    async with open_house(plan, {"dashboard": {}}) as house:
        await house.open_for_business(1)
        await house.app.accounts.add_user("ana", PASSWORD, "agent", ["test"])
        desks = [Desk(house.url) for _ in range(2 if plan.short else 6)]
        for desk in desks:
            await desk.sign_in("ana")
        living = [asyncio.create_task(desk.live()) for desk in desks]
        try:
            async with writing(house, plan):
                await _trouble(house, plan, desks)
            await conclude(house, result)
            rest = time.monotonic()
            for desk in desks:
                await eventually(lambda desk=desk: _is_true(house, desk), TRUE_AGAIN_SECONDS)  # type: ignore[misc]
                wrong = await _difference(house, desk)
                result.expect(not wrong, f"a desk differs from the store in {wrong} messages and conversations")
            result.resume = time.monotonic() - rest
            result.figures["messages and conversations at a desk"] = len(desks[0].statuses) + len(desks[0].hands)
            result.figures["sockets cut"] = sum(desk.cuts for desk in desks)
        finally:
            for task in living:
                task.cancel()
            await asyncio.gather(*living, return_exceptions=True)
    return result


async def _trouble(house: House, plan: Plan, desks: list[Desk]) -> None:
    """Kill Redis, cut sockets, take over, kill the web process, bring Redis back."""
    await asyncio.sleep(2.0)
    await asyncio.to_thread(house.redis.kill)
    house.kills += 1
    ends = time.monotonic() + plan.away_seconds
    guest = 0
    while time.monotonic() < ends:
        await asyncio.sleep(plan.dice.uniform(0.2, 1.0))
        await plan.dice.choice(desks).cut()
        if guest < plan.guests // 2:
            await house.app.staff.take_over(User("ana", "agent"), await house.conversation_of(guest))
            guest += 1
    assert house.web is not None
    house.kill(house.web)
    await house.serve()
    await start_within(house.redis)
    for desk in desks:
        await desk.cut()
    await asyncio.sleep(1.0)


async def _is_true(house: House, desk: Desk) -> bool:
    return await _difference(house, desk) == 0


async def _difference(house: House, desk: Desk) -> int:
    """Count the messages and conversations that a desk does not show as they are stored."""
    messages = dict(await house.ask("statuses"))
    hands = dict(await house.ask("hands"))
    return len(set(messages.items()) ^ set(desk.statuses.items())) + len(set(hands.items()) ^ set(desk.hands.items()))
