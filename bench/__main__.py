"""`make bench`: how fast a guest is acknowledged and answered, through real processes, PostgreSQL and Redis.

    python -m bench --rate 20 50 100 --seconds 10

Messages leave at a fixed rate whatever the answers do; latencies count from the planned time, so that a stall cannot
hide its queue. The model and Twilio are stand-ins in a process of their own, without latency unless asked for.
"""

import argparse
import asyncio
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from innbox.testing.openai_wire import OpenAIWire
from innbox.testing.processes import InnboxProcess
from innbox.testing.services import free_port, postgres_server, redis_server
from innbox.testing.twilio_wire import ACCOUNT_SID, AUTH_TOKEN, TwilioWire, inbound_form, sign

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "var" / "bench"
WAIT_SECONDS = 30.0
GUESTS = 500
PLUGINS = """
  postgres_store: {url: "${DATABASE_URL}"}
  redis_cache: {url: "${REDIS_URL}"}
  openai_llm: {api_key: test-key, base_url: "${OPENAI_BASE_URL}"}
  whatsapp_twilio:
    account_sid: "${TWILIO_ACCOUNT_SID}"
    auth_token: "${TWILIO_AUTH_TOKEN}"
    api_base_url: "${TWILIO_API_BASE_URL}"
    numbers: {"+14155238886": bench}
  dashboard: {}
"""
CONFIG = f"""
public_url: ${{PUBLIC_URL}}
secret_key: a-key-for-measuring-only
queue: {{url: "${{REDIS_URL}}"}}
hotels:
  bench: {{name: Bench Hotel, timezone: UTC, languages: [en], facts: facts.md}}
turns: {{wait_seconds: 0, wait_at_most_seconds: 0}}
logs: {{level: warning}}
plugins:{PLUGINS}"""


@dataclass
class Figures:
    """What came of one rate."""

    rate: float
    offered: int = 0
    accepted: int = 0
    acks: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    twice: int = 0
    cpu_seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "rate": self.rate,
            "offered": self.offered,
            "accepted": self.accepted,
            "answered": len(self.ends),
            "twice": self.twice,
            "ack_ms": percentiles(self.acks),
            "end_to_end_ms": percentiles(self.ends),
            "cpu_ms_per_reply": round(self.cpu_seconds * 1000 / len(self.ends), 2) if self.ends else None,
        }


def percentiles(seconds: Sequence[float]) -> dict[str, float | None]:
    """Return nearest-rank percentiles in milliseconds."""
    ranked = sorted(seconds)

    def at(share: float) -> float | None:
        return round(ranked[math.ceil(share * len(ranked)) - 1] * 1000, 1) if ranked else None

    return {"p50": at(0.5), "p99": at(0.99), "max": at(1.0)}


@asynccontextmanager
async def deployment(llm_seconds: float, twilio_seconds: float) -> AsyncIterator[tuple[str, TwilioWire, list[int]]]:
    """Run one web process and one worker on servers of their own; yield URL, Twilio and the ids to sum CPU over."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="innbox-bench-")))
        postgres = stack.enter_context(postgres_server())
        redis_url = stack.enter_context(redis_server())
        twilio = await stack.enter_async_context(TwilioWire(latency=twilio_seconds, callbacks=False))
        openai = await stack.enter_async_context(OpenAIWire(latency=llm_seconds))
        port = free_port()
        (folder / "facts.md").write_text("# Bench Hotel\n\n## Breakfast\n\nFrom 7:00 to 10:30.\n")
        config = folder / "innbox.yaml"
        config.write_text(CONFIG)
        env = {
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "DATABASE_URL": postgres.new_database(),
            "REDIS_URL": redis_url,
            "OPENAI_BASE_URL": openai.url,
            "TWILIO_API_BASE_URL": twilio.url,
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        }
        migrate = [sys.executable, "-m", "innbox", "migrate", "-c", str(config)]
        subprocess.run(migrate, env={**os.environ, **env}, check=True, capture_output=True)
        web = InnboxProcess("serve", "--port", str(port), "-c", str(config), log=folder / "web.log", env=env)
        worker = InnboxProcess("worker", "-c", str(config), log=folder / "worker.log", env=env)
        for process in (web, worker):
            process.start()
            stack.callback(process.kill)
        await web.wait_for_http(f"http://127.0.0.1:{port}/readyz")
        await asyncio.sleep(2)
        yield f"http://127.0.0.1:{port}", twilio, [web.pid, worker.pid]


async def measure(url: str, twilio: TwilioWire, processes: list[int], rate: float, seconds: float) -> Figures:
    """Send at a fixed rate and wait for the answers."""
    figures = Figures(rate)
    planned: dict[str, float] = {}
    before, seen = cpu(processes), len(twilio.messages)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:

        async def post(body: str, number: int) -> None:
            guest = f"+35190{number % GUESTS:07d}"
            form = inbound_form(body=body, sender=guest)
            headers = {"X-Twilio-Signature": sign(f"{url}/whatsapp", form)}
            async with http.post(f"{url}/whatsapp", data=form, headers=headers) as answer:
                if answer.status == 200:
                    figures.accepted += 1
                    figures.acks.append(time.time() - planned[body])

        started = time.time()
        posts = []
        for number in range(round(rate * seconds)):
            at = started + number / rate
            await asyncio.sleep(max(at - time.time(), 0))
            body = f"question {rate}-{number}."
            planned[body] = at
            posts.append(asyncio.create_task(post(body, number)))
            progress(f"{rate:g}/s: {number + 1} sent, {len(twilio.messages) - seen} answered")
        await asyncio.gather(*posts, return_exceptions=True)
        figures.offered = len(posts)
        answered: dict[str, float] = {}
        deadline = time.time() + WAIT_SECONDS
        while time.time() < deadline:
            match(twilio, seen, planned, answered)
            if len(answered) >= figures.accepted:
                break
            await asyncio.sleep(0.1)
    figures.cpu_seconds = cpu(processes) - before
    replies = [message.body for message in twilio.messages[seen:]]
    figures.twice = sum(count - 1 for body in planned if (count := sum(body in reply for reply in replies)) > 1)
    figures.ends = [answered[body] - at for body, at in planned.items() if body in answered]
    return figures


def match(twilio: TwilioWire, seen: int, planned: dict[str, float], answered: dict[str, float]) -> None:
    """Note when each message was first answered: a reply answers its guest's earlier messages, too."""
    bodies = list(planned)
    numbers = {body: number for number, body in enumerate(bodies)}
    for message in twilio.messages[seen:]:
        body = message.body.removeprefix("re: ")
        number = numbers.get(body)
        if number is not None:
            for earlier in bodies[number % GUESTS : number + 1 : GUESTS]:
                answered.setdefault(earlier, message.at.timestamp())


def cpu(processes: list[int]) -> float:
    """Return the CPU seconds of processes and their children so far."""
    total = 0.0
    for pid in processes:
        family = psutil.Process(pid)
        for process in (family, *family.children(recursive=True)):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def progress(text: str) -> None:
    """Show how far we are, on a terminal alone."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


async def run(rates: Sequence[float], seconds: float, llm_ms: float, twilio_ms: float) -> list[dict[str, Any]]:
    """Measure every rate on one deployment, after a warm-up."""
    async with deployment(llm_ms / 1000, twilio_ms / 1000) as (url, twilio, processes):
        await measure(url, twilio, processes, 20, 2)
        return [(await measure(url, twilio, processes, rate, seconds)).as_json() for rate in rates]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, nargs="+", default=[20, 50, 100], help="messages per second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--llm-ms", type=float, default=0)
    parser.add_argument("--twilio-ms", type=float, default=0)
    args = parser.parse_args()
    results = asyncio.run(run(args.rate, args.seconds, args.llm_ms, args.twilio_ms))
    progress("")
    print("| rate | accepted | answered | twice | ack p50 / p99 ms | end to end p50 / p99 ms | CPU ms a reply |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for row in results:
        ack, end = row["ack_ms"], row["end_to_end_ms"]
        print(
            f"| {row['rate']:g}/s | {row['accepted']}/{row['offered']} | {row['answered']} | {row['twice']} "
            f"| {ack['p50']} / {ack['p99']} | {end['p50']} / {end['p99']} | {row['cpu_ms_per_reply']} |"
        )
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "results.json").write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
