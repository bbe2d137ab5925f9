"""The queue: Dramatiq on Redis, which wakes workers sooner than their sweepers would. No promise rests on it."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any

import dramatiq
import redis
import structlog
from dramatiq.errors import ConnectionClosed

from innbox.metrics import Metrics
from innbox.pipeline.wakes import Step, Timers

log = structlog.get_logger(__name__)

QUEUE = "wakes"
KEY = "innbox:wakes"
SEND_SECONDS = 0.5  # a dead or frozen Redis holds a sender up no longer
MAX_WAITING = 1000  # wakes that wait for Redis; more are lost to the sweeper
MAX_TOGETHER = 16  # wakes in one message
BLOCK_SECONDS = 1
FORGET_SECONDS = 30  # sweepers have found the work long before


class WakeBroker(dramatiq.Broker):
    """Dramatiq's broker for messages that may be lost: one list of Redis, and nothing to acknowledge.

    Dramatiq's own Redis broker keeps every message until it is acknowledged, in three more keys and two scripts. For a
    wake that is no use: the sweeper is sooner than its redelivery. No middleware: nothing here is tried again.
    """

    def __init__(self, url: str) -> None:
        super().__init__(middleware=[])
        self._url = url
        self.client = _client(url, SEND_SECONDS)
        self._forget_at = 0.0

    def declare_queue(self, queue_name: str) -> None:
        self.queues[queue_name] = None

    def enqueue(self, message: Any, *, delay: int | None = None) -> Any:
        """Append a message; raises `redis.RedisError`. There are no delays: all times are in the store."""
        self.client.rpush(KEY, message.encode())
        if time.monotonic() >= self._forget_at:  # a list that nobody reads must not grow for ever
            self._forget_at = time.monotonic() + FORGET_SECONDS / 3
            self.client.expire(KEY, FORGET_SECONDS)
        return message

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> "WakeConsumer":
        return WakeConsumer(_client(self._url, BLOCK_SECONDS + 2.0))

    def close(self) -> None:
        self.client.close()


class WakeConsumer(dramatiq.Consumer):
    """Waits on Redis for work instead of polling, so that an idle worker starts at once."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def ack(self, message: Any) -> None:
        return None

    def nack(self, message: Any) -> None:
        return None

    def requeue(self, messages: Iterable[Any]) -> None:
        return None  # the sweeper of another worker finds the work

    def __next__(self) -> Any:
        try:
            found = self._client.blpop([KEY], BLOCK_SECONDS)
        except redis.RedisError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
        if not found:
            return None
        body: Any = found[1]
        return dramatiq.MessageProxy(dramatiq.Message.decode(body))

    def close(self) -> None:
        self._client.close()


def declare_actors(
    broker: WakeBroker, run: Callable[[Step, Sequence[str]], None]
) -> dict[Step, "dramatiq.Actor[Any, Any]"]:
    """Declare an actor for each step; their messages carry conversations' ids and nothing else."""

    def actor_of(step: Step) -> "dramatiq.Actor[Any, Any]":
        def perform(conversation_ids: Sequence[str]) -> None:
            run(step, conversation_ids)

        declare = dramatiq.actor(broker=broker, actor_name=step.value, queue_name=QUEUE)
        return declare(perform)

    return {step: actor_of(step) for step in Step}


class QueueWakes:
    """In a web process: sends wakes over Redis, off the event loop. What Redis does not take is counted, and lost."""

    def __init__(self, url: str, metrics: Metrics) -> None:
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._broker = WakeBroker(url)
        self._actors = declare_actors(self._broker, lambda step, conversation_ids: None)
        self._timers = Timers(self._fire)
        self._waiting: SimpleQueue[tuple[Step, str] | None] = SimpleQueue()
        self._sender = threading.Thread(target=self._send_all, name="wakes", daemon=True)
        self._sender.start()

    def wake(self, step: Step, conversation_id: str, at: datetime | None = None) -> None:
        self._timers.wake(step, conversation_id, at)

    async def answers(self) -> bool:
        """Say whether Redis answers; takes half a second or so where it does not."""
        try:
            await asyncio.to_thread(self._broker.client.ping)
        except redis.RedisError:
            return False
        return True

    def close(self) -> None:
        """Send what waits, if Redis takes it at once, and stop."""
        self._timers.clear()
        self._waiting.put(None)
        self._sender.join(2 * SEND_SECONDS)
        self._broker.close()

    def _fire(self, step: Step, conversation_id: str) -> None:
        if self._waiting.qsize() >= MAX_WAITING:
            self._metrics.wake_lost()
        else:
            self._waiting.put((step, conversation_id))

    def _send_all(self) -> None:
        """On the sender's thread: send what waits, all that came meanwhile together, until `close`."""
        while (wake := self._waiting.get()) is not None:
            together, last = [wake], False
            while len(together) < MAX_TOGETHER:
                try:
                    more = self._waiting.get_nowait()
                except Empty:
                    break
                if more is None:
                    last = True
                    break
                together.append(more)
            for step in Step:
                self._send(step, [conversation_id for of, conversation_id in together if of is step])
            if last:
                return

    def _send(self, step: Step, conversation_ids: Sequence[str]) -> None:
        if not conversation_ids:
            return
        try:
            self._actors[step].send(conversation_ids)
        except redis.RedisError:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._lost, len(conversation_ids))

    def _lost(self, wakes: int) -> None:
        for _ in range(wakes):
            self._metrics.wake_lost()


class QueueWorker:
    """In a worker process: Dramatiq's thread takes wakes and starts steps on the event loop while there is room."""

    def __init__(self, url: str, start: Callable[[Step, str], None], has_room: Callable[[], bool]) -> None:
        self._loop = asyncio.get_running_loop()
        self._start = start
        self._has_room = has_room
        self._broker = WakeBroker(url)
        declare_actors(self._broker, self._take)
        self._worker = dramatiq.Worker(self._broker, worker_timeout=BLOCK_SECONDS * 1000, worker_threads=1)
        self._stopping = threading.Event()

    def begin(self) -> None:
        self._worker.start()

    def end(self) -> None:
        """Take no more wakes; blocks for a moment."""
        self._stopping.set()
        self._worker.stop(timeout=2000)
        self._broker.close()

    def _take(self, step: Step, conversation_ids: Sequence[str]) -> None:
        """On Dramatiq's thread: wait until a slot is free, start the steps on the loop and return."""
        while not self._has_room():
            if self._stopping.wait(0.05):
                return  # the sweeper of another worker finds the work
        self._loop.call_soon_threadsafe(self._start_all, step, conversation_ids)

    def _start_all(self, step: Step, conversation_ids: Sequence[str]) -> None:
        for conversation_id in conversation_ids:
            self._start(step, conversation_id)


def _client(url: str, seconds: float) -> "redis.Redis":
    return redis.Redis.from_url(
        url, socket_timeout=seconds, socket_connect_timeout=SEND_SECONDS, retry=None, max_connections=4
    )
