import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from innbox.errors import StoreUnavailable
from innbox.messages import Completion, CompletionRequest, Usage, now
from innbox.metrics import COUNTERS, GAUGES, HISTOGRAMS, Metrics
from innbox.ports import Pulse

PULSE = Pulse(oldest_unanswered_at=None, deliveries={"parked": 2}, workers=1)
DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"


class Sums:
    """A store's counters, and nothing else of it."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.away = False

    async def add_counts(self, counts: Mapping[str, float]) -> None:
        if self.away:
            raise StoreUnavailable("gone")
        for key, amount in counts.items():
            self.sums[key] = self.sums.get(key, 0.0) + amount


async def test_what_was_counted_here_and_what_is_stored_are_one_sum() -> None:
    metrics, store = Metrics(), Sums()
    store.sums = {"innbox_messages|in|whatsapp": 41.0}
    metrics.webhook_rejected("whatsapp", "unsigned")
    metrics.message("in", "whatsapp")

    await metrics.bring_to(store)  # type: ignore[arg-type]
    text = metrics.text(store.sums, PULSE).decode()

    assert 'innbox_messages_total{channel="whatsapp",direction="in"} 42.0' in text
    assert 'innbox_webhook_rejected_total{channel="whatsapp",reason="unsigned"} 1.0' in text
    assert 'innbox_deliveries_open{state="parked"} 2.0' in text


def test_every_metric_of_the_contract_has_its_name_and_labels() -> None:
    text = counted_everything().decode()

    for sample in (
        'innbox_webhook_rejected_total{channel="whatsapp",reason="unsigned"}',
        'innbox_unroutable_total{channel="whatsapp"}',
        'innbox_messages_total{channel="whatsapp",direction="in"}',
        'innbox_deliveries_total{state="pending"}',
        "innbox_turns_in_flight",
        'innbox_turn_seconds_bucket{le="0.5"}',
        "innbox_oldest_unanswered_seconds",
        "innbox_wakes_lost_total",
        'innbox_provider_errors_total{code="429",plugin="openai_llm"}',
    ):
        assert f"\n{sample} " in text


def test_every_metric_that_is_shown_is_in_the_docs_as_it_is() -> None:
    rows = re.findall(r"^\| `(\w+)(?:\{([\w,]+)\})?` \| (\w+) \| (.+) \|$", DOCS.read_text(), re.MULTILINE)
    documented = {name: (kind, tuple(labels.split(",")) if labels else (), text) for name, labels, kind, text in rows}

    counters = {f"{name}_total": ("counter", kind.labels, kind.help) for name, kind in COUNTERS.items()}
    histograms = {name: ("histogram", kind.labels, kind.help) for name, kind in HISTOGRAMS.items()}
    gauges = {name: ("gauge", kind.labels, kind.help) for name, kind in GAUGES.items()}
    assert documented == {**counters, **histograms, **gauges}
    shown = set(re.findall(r"^# TYPE (\w+) ", counted_everything().decode(), re.MULTILINE))
    assert shown == set(documented)


def test_turn_seconds_are_a_rising_histogram() -> None:
    metrics = Metrics()
    for seconds in (0.01, 0.3, 99.0):
        metrics.turn(seconds)

    text = metrics.text(metrics.take(), PULSE).decode()

    assert 'innbox_turn_seconds_bucket{le="0.05"} 1.0' in text
    assert 'innbox_turn_seconds_bucket{le="0.5"} 2.0' in text
    assert 'innbox_turn_seconds_bucket{le="+Inf"} 3.0' in text
    assert "innbox_turn_seconds_count 3.0" in text


def test_models_have_a_histogram_each_and_what_they_cost() -> None:
    metrics = Metrics()
    metrics.model("gpt", 0.3, Usage(100, 20, cost_usd=0.25))
    metrics.model("gpt", 3.0, Usage(50, 10, cost_usd=0.5))
    metrics.model("local", 20.0, Usage(7, 3))

    text = metrics.text(metrics.take(), PULSE).decode()

    assert 'innbox_model_seconds_bucket{le="0.5",model="gpt"} 1.0' in text
    assert 'innbox_model_seconds_bucket{le="4.0",model="gpt"} 2.0' in text
    assert 'innbox_model_seconds_count{model="gpt"} 2.0' in text
    assert 'innbox_model_seconds_sum{model="gpt"} 3.3' in text
    assert 'innbox_model_seconds_bucket{le="15.0",model="local"} 0.0' in text
    assert 'innbox_model_tokens_total{kind="prompt",model="gpt"} 150.0' in text
    assert 'innbox_model_tokens_total{kind="completion",model="local"} 3.0' in text
    assert 'innbox_model_cost_usd_total{model="gpt"} 0.75' in text
    assert 'innbox_model_cost_usd_total{model="local"}' not in text, "a price that nobody knows is not 0"


def test_a_remembered_answer_is_no_model_s_time() -> None:
    metrics = Metrics()

    metrics.model("gpt", 0.001, Usage(cached=True, cost_usd=0.0))

    assert metrics.take() == {}


async def test_answers_of_models_are_counted_where_they_are_asked(workshop: Any) -> None:
    async def costly(request: CompletionRequest) -> Completion:
        return Completion("Yes.", model="gpt-test", usage=Usage(12, 3, cost_usd=0.001))

    house = await workshop(costly)
    await house.guest_writes("Is there a pool?")
    await house.eventually(lambda: house.channel.texts)

    counts = {**await house.app.store.counts(), **house.app.metrics.take()}
    assert counts["innbox_model_tokens|gpt-test|prompt"] == 12
    assert counts["innbox_model_cost_usd|gpt-test"] == pytest.approx(0.001)
    assert "innbox_model_seconds_sum|gpt-test" in counts


def test_an_attempt_that_will_be_made_again_is_a_retry() -> None:
    metrics = Metrics()
    for state in ("pending", "unknown", "pending", "sent"):
        metrics.delivery(state)

    assert metrics.take()["innbox_delivery_retries"] == 2


def test_a_label_that_a_service_said_harms_nobody() -> None:
    metrics = Metrics()

    metrics.provider_error("openai_llm", 'a|b\0\ud800"\n' + "x" * 500)

    (key,) = metrics.take()
    name, plugin, code = key.split("|")
    assert (name, plugin) == ("innbox_provider_errors", "openai_llm")
    assert len(code) == 100
    assert not {"\0", "\ud800"} & set(code)
    metrics.text({key: 1.0}, PULSE)


async def test_counts_that_could_not_be_stored_are_not_lost() -> None:
    metrics, store = Metrics(), Sums()
    store.away = True
    metrics.wake_lost()
    with pytest.raises(StoreUnavailable):
        await metrics.bring_to(store)  # type: ignore[arg-type]
    metrics.wake_lost()

    store.away = False
    await metrics.bring_to(store)  # type: ignore[arg-type]

    assert store.sums == {"innbox_wakes_lost": 2.0}
    assert metrics.take() == {}


async def test_a_process_without_a_runner_brings_its_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("innbox.metrics.STORE_SECONDS", 0.02)
    metrics, store = Metrics(), Sums()
    store.away = True

    async with metrics.kept_in(store):  # type: ignore[arg-type]
        metrics.unroutable("whatsapp")
        await asyncio.sleep(0.1)
        store.away = False
        async with asyncio.timeout(5):
            while not store.sums:
                await asyncio.sleep(0.01)
        metrics.unroutable("whatsapp")

    assert store.sums == {"innbox_unroutable|whatsapp": 2.0}


def test_with_the_store_away_no_counter_seems_to_begin_again() -> None:
    metrics = Metrics()
    metrics.wake_lost()

    lines = metrics.text(None, None).decode().splitlines()

    assert [line for line in lines if not line.startswith("#")] == ["innbox_store_up 0.0"]


def test_ages_are_in_seconds() -> None:
    waiting = Pulse(now() - timedelta(seconds=90), {}, 0, oldest_due_at=now() - timedelta(seconds=30))

    text = Metrics().text({}, waiting).decode()

    assert 89 < value_of(text, "innbox_oldest_unanswered_seconds") < 120
    assert 29 < value_of(text, "innbox_oldest_due_seconds") < 60


def test_turns_in_flight_are_those_of_the_house_where_the_store_knows_them() -> None:
    metrics = Metrics()
    metrics.turns_in_flight = 2

    assert value_of(metrics.text({}, PULSE).decode(), "innbox_turns_in_flight") == 2
    house = Pulse(None, {}, 3, turns=7)
    assert value_of(metrics.text({}, house).decode(), "innbox_turns_in_flight") == 7


def value_of(text: str, name: str) -> float:
    line = next(line for line in text.splitlines() if line.startswith(f"{name} "))
    return float(line.split()[1])


def counted_everything() -> bytes:
    metrics = Metrics()
    metrics.webhook_rejected("whatsapp", "unsigned")
    metrics.unroutable("whatsapp")
    metrics.message("in", "whatsapp")
    metrics.delivery("pending")
    metrics.turn(0.3)
    metrics.model("gpt", 0.3, Usage(1, 1, cost_usd=0.1))
    metrics.wake_lost()
    metrics.provider_error("openai_llm", "429")
    return metrics.text(metrics.take(), PULSE)
