from datetime import timedelta

from innbox.messages import now
from innbox.metrics import Metrics
from innbox.ports import Pulse

PULSE = Pulse(oldest_unanswered_at=None, deliveries={"parked": 2}, workers=1)


def test_what_was_counted_here_and_what_is_stored_are_one_sum() -> None:
    metrics = Metrics()
    metrics.webhook_rejected("whatsapp", "unsigned")
    metrics.message("in", "whatsapp")

    text = metrics.text({"innbox_messages|in|whatsapp": 41.0}, PULSE).decode()

    assert 'innbox_messages_total{channel="whatsapp",direction="in"} 42.0' in text
    assert 'innbox_webhook_rejected_total{channel="whatsapp",reason="unsigned"} 1.0' in text
    assert 'innbox_deliveries_open{state="parked"} 2.0' in text


def test_every_metric_of_the_contract_has_its_name() -> None:
    metrics = Metrics()
    metrics.unroutable("whatsapp")
    metrics.delivery("sent")
    metrics.turn(0.3)
    metrics.wake_lost()
    metrics.provider_error("openai_llm", "429")

    text = metrics.text({}, PULSE).decode()

    for name in (
        "innbox_unroutable_total",
        "innbox_deliveries_total",
        "innbox_turns_in_flight",
        "innbox_turn_seconds_bucket",
        "innbox_oldest_unanswered_seconds",
        "innbox_wakes_lost_total",
        "innbox_provider_errors_total",
    ):
        assert f"\n{name}" in text


def test_turn_seconds_are_a_rising_histogram() -> None:
    metrics = Metrics()
    for seconds in (0.01, 0.3, 99.0):
        metrics.turn(seconds)

    text = metrics.text({}, None).decode()

    assert 'innbox_turn_seconds_bucket{le="0.05"} 1.0' in text
    assert 'innbox_turn_seconds_bucket{le="0.5"} 2.0' in text
    assert 'innbox_turn_seconds_bucket{le="+Inf"} 3.0' in text
    assert "innbox_turn_seconds_count 3.0" in text


def test_counts_that_could_not_be_stored_are_not_lost() -> None:
    metrics = Metrics()
    metrics.wake_lost()
    taken = metrics.take()
    metrics.wake_lost()

    metrics.give_back(taken)

    assert metrics.take() == {"innbox_wakes_lost": 2.0}
    assert metrics.take() == {}


def test_the_age_of_the_oldest_unanswered_message_is_in_seconds() -> None:
    waiting = Pulse(now() - timedelta(seconds=90), {}, 0)

    text = Metrics().text({}, waiting).decode()

    line = next(line for line in text.splitlines() if line.startswith("innbox_oldest_unanswered_seconds "))
    assert 89 < float(line.split()[1]) < 120
