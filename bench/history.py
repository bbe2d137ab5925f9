"""A house with a long past: the desk's pages, a conversation's messages and the search, over a million messages."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import psycopg

from bench.deployment import Deployment, Ground, Innbox, Target, running
from bench.desks import sign_in
from bench.figures import percentiles
from bench.peer import Peer
from bench.scenarios import Figures, Pace, Say, step

SQL = Path(__file__).parent / "history.sql"
CONVERSATIONS_OF_PEER = 100_000  # what the kit's own SQL makes
REQUESTS = 300
PAGE = 50
GROWTH_SECONDS = 10.0
GROWTH_RATE = 40.0
SEARCHED = ("breakfast", "parrot", "unicycle", "late check", "Guest 4711", "+199900000815", "nothing like it")


async def history(target: Target, ground: Ground, pace: Pace, say: Say) -> Figures:
    """Time the pages and the search of a target over its past."""
    if isinstance(target, Peer):
        return {"history": await _of_peer(target, ground, say)}
    return {"history": await _of_innbox(ground, pace, say)}


async def growth(ground: Ground, pace: Pace, say: Say) -> Figures:
    """Measure what a reply costs where 1,000, 10,000 and 100,000 conversations lie behind the ones at work."""
    found = {}
    for conversations in (1_000, 10_000, 100_000):
        async with running(Innbox(), ground) as deployment:
            say(f"a past of {10 * conversations:,} messages")
            await asyncio.to_thread(_fill, deployment.database_url, conversations)
            await deployment.write(GROWTH_RATE, 3)
            outcome = await step(deployment, GROWTH_RATE, min(pace.seconds, GROWTH_SECONDS))
        kept = ("cpu_ms", "cpu_ms_of", "end_ms")
        found[str(10 * conversations)] = {name: outcome[name] for name in kept}
    return {"growth": found}


async def _of_innbox(ground: Ground, pace: Pace, say: Say) -> Figures:
    conversations = pace.messages // 10
    async with running(Innbox(), ground) as deployment:
        say(f"{pace.messages:,} messages: filling")
        await asyncio.to_thread(_fill, deployment.database_url, conversations)
        async with _session(deployment) as http:
            await sign_in(http)
            say("pages")
            cursors = [cursor async for cursor in _cursors(http)]
            ids = await asyncio.to_thread(_some_conversations, deployment.database_url)
            chosen = random.Random(1)
            first = await _times(http, lambda: f"/get_conversations?limit={PAGE}")
            far = await _times(http, lambda: f"/get_conversations?limit={PAGE}&cursor={chosen.choice(cursors)}")
            messages = await _times(http, lambda: f"/get_messages?conversation_id={chosen.choice(ids)}&limit={PAGE}")
            say("search")
            found = {
                word: percentiles(await _times(http, _uncached(word, cursors), REQUESTS // 5)) for word in SEARCHED
            }
        size = await asyncio.to_thread(_bytes_in, deployment.database_url)
    slowest = max((times["p99"] or 0.0) for times in found.values())
    return {
        "messages": pace.messages,
        "bytes_a_message": round(size / pace.messages),
        "first_ms": percentiles(first),
        "random_ms": percentiles(far),
        "messages_ms": percentiles(messages),
        "search_ms": {"p99": slowest},
        "search_ms_of": found,
    }


async def _of_peer(peer: Peer, ground: Ground, say: Say) -> Figures:
    spec = peer.history
    async with running(peer, ground) as deployment:
        say("filling")
        await asyncio.to_thread(_run_sql, deployment.database_url, spec["sql"])
        async with _session(deployment) as http:
            async with http.post(spec["login_path"], data=spec["login_form"]) as answer:
                answer.raise_for_status()
            say("pages")
            chosen = random.Random(1)

            def path(page: str) -> Callable[[], str]:
                def made() -> str:
                    number = chosen.randrange(1, CONVERSATIONS_OF_PEER + 1)
                    return page.format(id=number, offset=number // PAGE * PAGE)

                return made

            first, far, messages = [await _times(http, path(page)) for page in spec["requests"].values()]
    return {
        "messages": 10 * CONVERSATIONS_OF_PEER,
        "first_ms": percentiles(first),
        "random_ms": percentiles(far),
        "messages_ms": percentiles(messages),
    }


def _session(deployment: Deployment) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(deployment.base_url, cookie_jar=aiohttp.CookieJar(unsafe=True))


async def _times(http: aiohttp.ClientSession, path: Callable[[], str], count: int = REQUESTS) -> list[float]:
    seconds = []
    for _ in range(count):
        url = path()
        began = time.perf_counter()
        async with http.get(url, allow_redirects=False) as answer:
            body = await answer.read()
        seconds.append(time.perf_counter() - began)
        if answer.status != 200 or len(body) < 20:
            raise RuntimeError(f"{url} answered {answer.status}")
    return seconds


def _uncached(word: str, cursors: Sequence[str]) -> Callable[[], str]:
    """Return paths that search a word from another place each time, so that no cache knows the answer."""
    numbers: Iterator[int] = iter(range(10**6))

    def made() -> str:
        number = next(numbers)
        place = f"&cursor={cursors[number % len(cursors)]}" if number else ""
        return f"/get_conversations?limit={PAGE}&q={quote(word, safe='')}{place}"

    return made


async def _cursors(http: aiohttp.ClientSession, pages: int = 100) -> Any:
    """Yield the cursors of the first pages, at random distances from each other: pages cost the same wherever they are,
    so these are as good as any."""
    cursor = ""
    for _ in range(pages):
        async with http.get(f"/get_conversations?limit={PAGE}{cursor}") as answer:
            found = await answer.json()
        if found["next_cursor"] is None:
            return
        wanted = quote(found["next_cursor"], safe="")
        yield wanted
        cursor = f"&cursor={wanted}"


def _fill(database_url: str, conversations: int) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("SET statement_timeout = 0")
        for statement in SQL.read_text().split(";\n"):
            if statement.strip():
                connection.execute(statement, {"conversations": conversations} if "%(" in statement else {})
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _run_sql(database_url: str, path: Path) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(path.read_bytes())
        connection.execute("VACUUM ANALYZE")


def _bytes_in(database_url: str) -> int:
    """Return how large a database is, with its indexes."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])


def _some_conversations(database_url: str) -> list[str]:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT id::text FROM conversations TABLESAMPLE SYSTEM (2) LIMIT 1000").fetchall()
        if not rows:
            rows = connection.execute("SELECT id::text FROM conversations LIMIT 1000").fetchall()
    return [row[0] for row in rows]
