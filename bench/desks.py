"""Desks: many open sockets, guests who write, and the time from a message's commit until every desk has it.

The desks are a process of their own (`python -m bench.desks`), with sockets that look for a message's id and time and
nothing else, so that they take as little of the machine as may be.
"""

import asyncio
import json
import sys
from datetime import datetime
from typing import Any

import aiohttp

from bench.deployment import HOTEL, PASSWORD, STAFF, Ground, Innbox, running
from bench.figures import clock, percentiles, used
from bench.scenarios import Figures, Pace, Say

RATE = 50.0


async def desks(ground: Ground, pace: Pace, say: Say) -> Figures:
    """Measure a house whose guests write to staff; and the same without desks, to know what the desks cost."""
    async with running(Innbox(), ground) as deployment:
        say("50/s, no desk")
        await _switch_bot_off(deployment.base_url)
        async with used(lambda: deployment.pids) as alone:
            await deployment.write(RATE, pace.seconds, answers=False)
        say(f"50/s, {pace.desks} desks")
        command = [sys.executable, "-m", "bench.desks", deployment.base_url, str(pace.desks), str(pace.seconds + 2)]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        await process.stdout.readline()  # all desks are open
        async with used(lambda: deployment.pids) as usage:
            outcome = await deployment.write(RATE, pace.seconds, answers=False)
        output = await process.stdout.read()
        await process.wait()
    seen: dict[str, Any] = json.loads(output)
    cores = usage["web"]["cpu_s"] / pace.seconds
    return {
        "desks": {
            **seen,
            "accepted": outcome["accepted"],
            "web_cores": round(cores, 3),
            "desk_cores": round(cores - alone["web"]["cpu_s"] / pace.seconds, 3),
        }
    }


async def _switch_bot_off(base_url: str) -> None:
    async with aiohttp.ClientSession(base_url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        await sign_in(http)
        async with http.post("/settings", json={"hotels": {HOTEL: {"bot": False}}}) as answer:
            if answer.status >= 400:
                raise RuntimeError(f"/settings answered {answer.status}: {await answer.text()}")
    await asyncio.sleep(1.5)  # every process knows within a second


async def sign_in(http: aiohttp.ClientSession) -> None:
    """Sign the session in as the house's staff."""
    form = {"username": STAFF, "password": PASSWORD}
    async with http.post("/login", data=form, allow_redirects=False) as answer:
        if answer.status != 303:
            raise RuntimeError(f"/login answered {answer.status}")


async def _sit(base_url: str, count: int, seconds: float) -> dict[str, Any]:
    arrivals: dict[str, list[float]] = {}
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(base_url, cookie_jar=jar, connector=aiohttp.TCPConnector(limit=0)) as http:
        await sign_in(http)
        sockets = [await _open(http) for _ in range(count)]
        print("open", flush=True)
        listening = [asyncio.create_task(_listen(socket, arrivals)) for socket in sockets]
        await asyncio.sleep(seconds)
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        for socket in sockets:
            await socket.close()
    whole = [late for late in arrivals.values() if len(late) >= count]
    return {
        "sockets": count,
        "messages": len(arrivals),
        "at_every_desk": len(whole),
        "every_desk_ms": percentiles([max(late) for late in whole]),
        "a_desk_ms": percentiles([one for late in arrivals.values() for one in late]),
    }


async def _open(http: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    """Open a socket as the page does: Engine.IO's handshake, then Socket.IO's."""
    socket = await http.ws_connect("/socket.io/?EIO=4&transport=websocket", max_msg_size=0)
    await socket.receive()
    await socket.send_str("40")
    while not (await socket.receive_str()).startswith("40"):
        pass
    return socket


async def _listen(socket: aiohttp.ClientWebSocketResponse, arrivals: dict[str, list[float]]) -> None:
    async for frame in socket:
        text = frame.data
        if text == "2":
            await socket.send_str("3")
        elif text.startswith('42["new_message"'):
            at = text.index('"created_at":"') + 14
            token = text.index("tk")
            committed = datetime.fromisoformat(text[at : text.index('"', at)]).timestamp()
            arrivals.setdefault(text[token : token + 15], []).append(clock() - committed)


if __name__ == "__main__":
    import uvloop

    print(json.dumps(uvloop.run(_sit(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))))
