"""What `/metrics` tells: counters of the whole deployment, and how the house stands now.

Each process counts for itself and adds what it counted to the store every few seconds; the web process shows the
store's sums and nothing else, so a worker needs no port, a restart loses nothing that was told, and a counter never
falls, whichever process is asked. While the store is away there are no counters, only `innbox_store_up 0`: a sum that
is not known must not look like one that began again.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from innbox.errors import StoreUnavailable
from innbox.messages import Usage, now
from innbox.ports import Pulse, Store
from innbox.text import clean_text

log = structlog.get_logger(__name__)

STORE_SECONDS = 2.0  # how often a process adds what it counted to the store
LONGEST_LABEL = 100  # characters: labels may carry what a service said
_SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class Counter:
    """A figure that only rises; Prometheus sees it as `NAME_total`."""

    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many fell into which span; Prometheus sees `NAME_bucket`, `NAME_sum` and `NAME_count`."""

    help: str
    limits: tuple[float, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure as it is now."""

    help: str
    labels: tuple[str, ...] = ()


COUNTERS: Mapping[str, Counter] = {
    "innbox_webhook_rejected": Counter("Webhooks that were refused.", ("channel", "reason")),
    "innbox_unroutable": Counter("Webhooks for a number that no hotel has.", ("channel",)),
    "innbox_messages": Counter("Messages stored.", ("direction", "channel")),
    "innbox_deliveries": Counter("Deliveries that came to a state.", ("state",)),
    "innbox_delivery_retries": Counter(
        "Deliveries that had to be tried again: the provider surely had not taken them."
    ),
    "innbox_wakes_lost": Counter("Wakes that the queue did not take; the sweeper finds the work."),
    "innbox_provider_errors": Counter("Errors of services behind plugins.", ("plugin", "code")),
    "innbox_model_cost_usd": Counter("What models cost in US dollars, where the prices are known.", ("model",)),
    "innbox_model_tokens": Counter("Tokens that models read (prompt) and wrote (completion).", ("model", "kind")),
}

HISTOGRAMS: Mapping[str, Histogram] = {
    "innbox_turn_seconds": Histogram(
        "Seconds from a turn's claim to its end.", (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0)
    ),
    "innbox_model_seconds": Histogram(
        "Seconds that a model took for one answer; remembered ones are not counted.",
        (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0),
        ("model",),
    ),
}

GAUGES: Mapping[str, Gauge] = {
    "innbox_store_up": Gauge("1 where the store answers, 0 where it does not; then all else but this is missing."),
    "innbox_turns_in_flight": Gauge("Turns that living workers are making."),
    "innbox_oldest_unanswered_seconds": Gauge("Age of the oldest guest message that the bot has yet to answer."),
    "innbox_oldest_due_seconds": Gauge("How long the longest due work has waited for a worker."),
    "innbox_workers": Gauge("Workers with a living heartbeat."),
    "innbox_deliveries_open": Gauge("Deliveries not at rest, and parked ones, by state.", ("state",)),
}


class Metrics:
    """The counters of one process. Keys are `name|label|label`, as the store keeps them."""

    def __init__(self) -> None:
        self._counts: dict[str, float] = {}
        self._bringing = asyncio.Lock()
        self.turns_in_flight = 0

    def webhook_rejected(self, channel: str, reason: str) -> None:
        self._add("innbox_webhook_rejected", channel, reason)

    def unroutable(self, channel: str) -> None:
        self._add("innbox_unroutable", channel)

    def message(self, direction: str, channel: str) -> None:
        self._add("innbox_messages", direction, channel)

    def delivery(self, state: str) -> None:
        """Note how an attempt ended. One that ends in `pending` will be made again."""
        self._add("innbox_deliveries", state)
        if state == "pending":
            self._add("innbox_delivery_retries")

    def wake_lost(self) -> None:
        self._add("innbox_wakes_lost")

    def provider_error(self, plugin: str, code: str) -> None:
        self._add("innbox_provider_errors", plugin, code)

    def turn(self, seconds: float) -> None:
        """Note how long a turn took, from its claim to its end."""
        self._observe("innbox_turn_seconds", seconds)

    def model(self, model: str, seconds: float, usage: Usage) -> None:
        """Note one answer of a model: how long it took, and what it cost where that is known."""
        if usage.cached:
            return
        self._observe("innbox_model_seconds", seconds, model)
        self._add("innbox_model_tokens", model, "prompt", amount=usage.prompt_tokens)
        self._add("innbox_model_tokens", model, "completion", amount=usage.completion_tokens)
        if usage.cost_usd is not None:
            self._add("innbox_model_cost_usd", model, amount=usage.cost_usd)

    def take(self) -> dict[str, float]:
        """Return what was counted since the last time, and forget it."""
        counts, self._counts = self._counts, {}
        return counts

    async def bring_to(self, store: Store) -> None:
        """Add what was counted to the store's sums; raises `StoreUnavailable`, and then nothing is forgotten.

        One call waits for another, so that what was counted before it is in the store when it returns.
        """
        async with self._bringing:
            counts = self.take()
            if not counts:
                return
            try:
                await store.add_counts(counts)
            except BaseException:
                for key, amount in counts.items():
                    self._counts[key] = self._counts.get(key, 0.0) + amount
                raise

    @asynccontextmanager
    async def kept_in(self, store: Store) -> AsyncIterator[None]:
        """While the block runs, bring what is counted to the store every few seconds, and the rest at its end.

        For a process without a runner, whose heartbeat does the same.
        """
        keeping = asyncio.create_task(self._keep_bringing(store), name="metrics")
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await self._try_to_bring(store)

    def text(self, stored: Mapping[str, float] | None, pulse: Pulse | None) -> bytes:
        """Return the Prometheus text of the store's sums and its pulse; None for both where the store is away."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families([*_sums(stored or {}), *_now(pulse, self.turns_in_flight)] if pulse else _away()))
        return generate_latest(registry)

    async def _keep_bringing(self, store: Store) -> None:
        while True:
            await asyncio.sleep(STORE_SECONDS)
            await self._try_to_bring(store)

    async def _try_to_bring(self, store: Store) -> None:
        try:
            await self.bring_to(store)
        except StoreUnavailable:
            log.debug("counts kept for the next time")
        except Exception as error:
            log.warning("counts not stored", error=type(error).__name__)

    def _add(self, name: str, *labels: str, amount: float = 1.0) -> None:
        cleaned = (clean_text(label[:LONGEST_LABEL]).replace(_SEPARATOR, "_") for label in labels)
        key = _SEPARATOR.join((name, *cleaned))
        self._counts[key] = self._counts.get(key, 0.0) + amount

    def _observe(self, name: str, value: float, *labels: str) -> None:
        bucket = next((str(limit) for limit in HISTOGRAMS[name].limits if value <= limit), "+Inf")
        self._add(f"{name}_bucket", *labels, bucket)
        self._add(f"{name}_sum", *labels, amount=value)


class _Families(Collector):
    def __init__(self, families: list[Any]) -> None:
        self._families = families

    def collect(self) -> Iterable[Any]:
        return self._families


def _sums(sums: Mapping[str, float]) -> Iterable[Any]:
    found: dict[str, list[tuple[Sequence[str], float]]] = {}
    for key, amount in sorted(sums.items()):
        name, *labels = key.split(_SEPARATOR)
        found.setdefault(name, []).append((labels, amount))
    for name, counter in COUNTERS.items():
        yield _counter(name, counter, found.get(name, []))
    for name, histogram in HISTOGRAMS.items():
        yield _histogram(name, histogram, found.get(f"{name}_bucket", []), found.get(f"{name}_sum", []))


def _counter(name: str, counter: Counter, amounts: Iterable[tuple[Sequence[str], float]]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, counter.help, labels=counter.labels)
    for labels, amount in amounts:
        if len(labels) == len(counter.labels):
            family.add_metric(labels, amount)
    if not counter.labels and not family.samples:
        family.add_metric([], 0.0)
    return family


def _histogram(
    name: str,
    histogram: Histogram,
    buckets: Iterable[tuple[Sequence[str], float]],
    sums: Iterable[tuple[Sequence[str], float]],
) -> HistogramMetricFamily:
    in_buckets = {tuple(labels): amount for labels, amount in buckets}
    family = HistogramMetricFamily(name, histogram.help, labels=histogram.labels)
    totals = {tuple(labels): amount for labels, amount in sums}
    if not histogram.labels:
        totals.setdefault((), 0.0)
    for labels, total in totals.items():
        running, rising = 0.0, []
        for limit in (*map(str, histogram.limits), "+Inf"):
            running += in_buckets.get((*labels, limit), 0.0)
            rising.append((limit, running))
        family.add_metric(labels, buckets=rising, sum_value=total)
    return family


def _now(pulse: Pulse, turns_in_flight: int) -> Iterable[Any]:
    yield _gauge("innbox_store_up", 1)
    yield _gauge("innbox_turns_in_flight", turns_in_flight if pulse.turns is None else pulse.turns)
    yield _gauge("innbox_oldest_unanswered_seconds", _age(pulse.oldest_unanswered_at))
    yield _gauge("innbox_oldest_due_seconds", _age(pulse.oldest_due_at))
    yield _gauge("innbox_workers", pulse.workers)
    name = "innbox_deliveries_open"
    family = GaugeMetricFamily(name, GAUGES[name].help, labels=GAUGES[name].labels)
    for state, count in sorted(pulse.deliveries.items()):
        family.add_metric([state], count)
    yield family


def _away() -> list[Any]:
    return [_gauge("innbox_store_up", 0)]


def _gauge(name: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, GAUGES[name].help, value=value)


def _age(moment: datetime | None) -> float:
    """Return how many seconds ago something was; clocks that differ make it no less than 0."""
    return max((now() - moment).total_seconds(), 0.0) if moment else 0.0
