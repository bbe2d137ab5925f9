"""What `/metrics` tells: counters of the whole deployment, and how the house stands now.

Each process counts for itself and adds what it counted to the store every few seconds; the web process shows the sums,
so a worker needs no port and a restart loses nothing that was told.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from innbox.messages import now
from innbox.ports import Pulse

TURN_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0)

COUNTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "innbox_webhook_rejected": ("Webhooks that were refused.", ("channel", "reason")),
    "innbox_unroutable": ("Webhooks for a number that no hotel has.", ("channel",)),
    "innbox_messages": ("Messages stored.", ("direction", "channel")),
    "innbox_deliveries": ("Deliveries that came to a state.", ("state",)),
    "innbox_wakes_lost": ("Wakes that the queue did not take; the sweeper finds the work.", ()),
    "innbox_provider_errors": ("Errors of services behind plugins.", ("plugin", "code")),
}

_SEPARATOR = "|"


class Metrics:
    """The counters of one process. Keys are `name|label|label`, as the store keeps them."""

    def __init__(self) -> None:
        self._counts: dict[str, float] = {}
        self.turns_in_flight = 0

    def webhook_rejected(self, channel: str, reason: str) -> None:
        self._add("innbox_webhook_rejected", channel, reason)

    def unroutable(self, channel: str) -> None:
        self._add("innbox_unroutable", channel)

    def message(self, direction: str, channel: str) -> None:
        self._add("innbox_messages", direction, channel)

    def delivery(self, state: str) -> None:
        self._add("innbox_deliveries", state)

    def wake_lost(self) -> None:
        self._add("innbox_wakes_lost")

    def provider_error(self, plugin: str, code: str) -> None:
        self._add("innbox_provider_errors", plugin, code)

    def turn(self, seconds: float) -> None:
        """Note how long a turn took, from its claim to its end."""
        bucket = next((str(limit) for limit in TURN_BUCKETS if seconds <= limit), "+Inf")
        self._add("innbox_turn_seconds_bucket", bucket)
        self._add("innbox_turn_seconds_sum", amount=seconds)

    def take(self) -> dict[str, float]:
        """Return what was counted since the last time, to be added to the store's sums, and forget it."""
        counts, self._counts = self._counts, {}
        return counts

    def give_back(self, counts: Mapping[str, float]) -> None:
        """Take counts back that could not be stored."""
        for key, amount in counts.items():
            self._counts[key] = self._counts.get(key, 0.0) + amount

    def text(self, stored: Mapping[str, float], pulse: Pulse | None) -> bytes:
        """Return the Prometheus text of the stored sums, this process's own counts and the pulse."""
        sums = dict(stored)
        for key, amount in self._counts.items():
            sums[key] = sums.get(key, 0.0) + amount
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families(list(_families(sums, pulse, self.turns_in_flight))))
        return generate_latest(registry)

    def _add(self, *key: str, amount: float = 1.0) -> None:
        joined = _SEPARATOR.join(part.replace(_SEPARATOR, "_") for part in key)
        self._counts[joined] = self._counts.get(joined, 0.0) + amount


class _Families(Collector):
    def __init__(self, families: list[Any]) -> None:
        self._families = families

    def collect(self) -> Iterable[Any]:
        return self._families


def _families(sums: Mapping[str, float], pulse: Pulse | None, turns_in_flight: int) -> Iterable[Any]:
    for name, (help_text, labels) in COUNTERS.items():
        family = CounterMetricFamily(name, help_text, labels=labels)
        for key, amount in sorted(sums.items()):
            found, *values = key.split(_SEPARATOR)
            if found == name and len(values) == len(labels):
                family.add_metric(values, amount)
        if not labels and not family.samples:
            family.add_metric([], 0.0)
        yield family
    yield _turn_seconds(sums)
    yield GaugeMetricFamily("innbox_turns_in_flight", "Turns being made by this process.", value=turns_in_flight)
    if pulse is not None:
        oldest = pulse.oldest_unanswered_at
        age = max((now() - oldest).total_seconds(), 0.0) if oldest else 0.0
        yield GaugeMetricFamily(
            "innbox_oldest_unanswered_seconds", "Age of the oldest guest message without an answer.", value=age
        )
        yield GaugeMetricFamily("innbox_workers", "Workers with a living heartbeat.", value=pulse.workers)
        waiting = GaugeMetricFamily("innbox_deliveries_open", "Deliveries not at rest, by state.", labels=("state",))
        for state, count in sorted(pulse.deliveries.items()):
            waiting.add_metric([state], count)
        yield waiting


def _turn_seconds(sums: Mapping[str, float]) -> HistogramMetricFamily:
    running, buckets = 0.0, []
    for limit in (*map(str, TURN_BUCKETS), "+Inf"):
        running += sums.get(f"innbox_turn_seconds_bucket{_SEPARATOR}{limit}", 0.0)
        buckets.append((limit, running))
    family = HistogramMetricFamily("innbox_turn_seconds", "Seconds from a turn's claim to its end.")
    family.add_metric([], buckets=buckets, sum_value=sums.get("innbox_turn_seconds_sum", 0.0))
    return family
