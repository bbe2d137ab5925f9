"""The queue: Dramatiq on Redis, which wakes workers sooner than their sweepers would. No promise rests on it."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import dramatiq
import redis
import structlog
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import ConnectionClosed

from innbox.metrics import Metrics
from innbox.pipeline.wakes import Step, Timers

log = structlog.get_logger(__name__)

NAMESPACE = "innbox"
SEND_SECONDS = 0.5  # a dead or frozen Redis holds a sender up no longer
MAX_WAITING = 1000  # wakes that wait for Redis; more are lost to the sweeper
BLOCK_SECONDS = 1
WORKER_THREADS = 8
BUSY_SECONDS = 0.02


class WaitingConsumer(dramatiq.Consumer):
    """A consumer that waits on Redis for work instead of polling, so that an idle worker starts at once."""

    def __init__(self, inner: dramatiq.Consumer, client: "redis.Redis", key: str) -> None:
        self._inner = inner
        self._client = client
        self._key = key

    def ack(self, message: Any) -> None:
        self._inner.ack(message)

    def nack(self, message: Any) -> None:
        self._inner.nack(message)

    def requeue(self, messages: Iterable[Any]) -> None:
        self._inner.requeue(messages)

    def __next__(self) -> Any:
        message = next(self._inner)
        if message is not None:
            return message
        try:
            # Moving the list's head onto itself changes nothing, and blocks while the list is empty.
            head = self._client.blmove(self._key, self._key, BLOCK_SECONDS, "LEFT", "LEFT")
        except redis.RedisError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
        message = next(self._inner)
        if head is not None and message is None:
            time.sleep(BUSY_SECONDS)  # there is work, and we hold as much of it as we may
        return message

    def close(self) -> None:
        self._inner.close()
        self._client.close()


class WaitingBroker(RedisBroker):
    """Dramatiq's Redis broker with consumers that wait, and without middleware: nothing here is tried again."""

    def __init__(self, url: str) -> None:
        client = redis.Redis.from_url(
            url, socket_timeout=SEND_SECONDS, socket_connect_timeout=SEND_SECONDS, retry=None, max_connections=64
        )
        super().__init__(client=client, middleware=[], namespace=NAMESPACE)  # type: ignore[no-untyped-call]
        self._url = url

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> dramatiq.Consumer:
        inner = super().consume(queue_name, prefetch, 1)
        client = redis.Redis.from_url(
            self._url, socket_timeout=BLOCK_SECONDS + 2.0, socket_connect_timeout=SEND_SECONDS, retry=None
        )
        return WaitingConsumer(inner, client, f"{self.namespace}:{queue_name}")


def declare_actors(broker: WaitingBroker, run: Callable[[Step, str], None]) -> dict[Step, "dramatiq.Actor[Any, Any]"]:
    """Declare an actor and a queue for each step; their messages carry a conversation's id and nothing else."""

    def actor_of(step: Step) -> "dramatiq.Actor[Any, Any]":
        def perform(conversation_id: str) -> None:
            run(step, conversation_id)

        declare = dramatiq.actor(broker=broker, actor_name=step.value, queue_name=step.value)
        return declare(perform)

    return {step: actor_of(step) for step in Step}


class QueueWakes:
    """In a web process: sends wakes over Redis, off the event loop. What Redis does not take is counted, and lost."""

    def __init__(self, url: str, metrics: Metrics) -> None:
        self._metrics = metrics
        broker = WaitingBroker(url)
        self._broker = broker
        self._actors = declare_actors(broker, lambda step, conversation_id: None)
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="wakes")
        self._timers = Timers(self._fire)
        self._waiting = 0

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
        self._sender.shutdown(wait=True, cancel_futures=self._waiting > 10)
        self._broker.close()

    def _fire(self, step: Step, conversation_id: str) -> None:
        if self._waiting >= MAX_WAITING:
            self._metrics.wake_lost()
            return
        self._waiting += 1
        asyncio.get_running_loop().run_in_executor(self._sender, self._send, step, conversation_id).add_done_callback(
            self._sent
        )

    def _send(self, step: Step, conversation_id: str) -> None:
        self._actors[step].send(conversation_id)

    def _sent(self, future: "asyncio.Future[None]") -> None:
        self._waiting -= 1
        if not future.cancelled() and future.exception() is not None:
            self._metrics.wake_lost()


class QueueWorker:
    """In a worker process: Dramatiq's threads take wakes and start steps on the event loop while there is room."""

    def __init__(self, url: str, start: Callable[[Step, str], None], has_room: Callable[[], bool]) -> None:
        self._loop = asyncio.get_running_loop()
        self._start = start
        self._has_room = has_room
        self._broker = WaitingBroker(url)
        declare_actors(self._broker, self._take)
        self._worker = dramatiq.Worker(self._broker, worker_timeout=100, worker_threads=WORKER_THREADS)
        self._stopping = threading.Event()

    def begin(self) -> None:
        self._worker.start()

    def end(self) -> None:
        """Take no more wakes; blocks for a moment."""
        self._stopping.set()
        self._worker.stop(timeout=2000)
        self._broker.close()

    def _take(self, step: Step, conversation_id: str) -> None:
        """On a Dramatiq thread: wait until a slot is free, start the step on the loop and return."""
        while not self._has_room():
            if self._stopping.wait(0.05):
                return  # the sweeper of another worker finds the work
        self._loop.call_soon_threadsafe(self._start, step, conversation_id)
