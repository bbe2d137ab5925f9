"""The alert rules: each metric and label that they name is in what a running Innbox shows."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from innbox import DeliveryStatus, Usage
from innbox.testing.running import Running

FILE = Path(__file__).parents[2] / "deploy" / "prometheus" / "alerts.yaml"
RULES: list[dict[str, Any]] = [rule for group in yaml.safe_load(FILE.read_text())["groups"] for rule in group["rules"]]
BY_NAME = {rule["alert"]: rule for rule in RULES}

METRIC = re.compile(r"\b(innbox_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
GROUPED_BY = re.compile(r"\bby \(([\w, ]+)\)")
IN_TEXT = re.compile(r"\$labels\.(\w+)")
DURATION = re.compile(r"\d+[smh]")

Shown = dict[str, set[str]]


@pytest.fixture
async def shown(run_innbox: Any) -> Shown:
    """The samples of a running app in which everything has happened once, with the names of their labels."""
    innbox: Running = await run_innbox({"webchat": {}, "faq_llm": {}})
    metrics = innbox.app.metrics
    metrics.webhook_rejected("whatsapp", "unsigned")
    metrics.unroutable("whatsapp")
    metrics.message("in", "whatsapp")
    metrics.delivery("failed")
    metrics.delivery("pending")
    metrics.turn(1.0)
    metrics.model("gpt", 1.0, Usage(1, 1, cost_usd=0.1))
    metrics.wake_lost()
    metrics.provider_error("openai_llm", "timeout")
    text = (await innbox.http.get("/metrics")).text
    families = list(text_string_to_metric_families(text))
    # A quiet house has no delivery to tell of, and so no label.
    samples: Shown = {"innbox_deliveries_open": {"state"}}
    for sample in (sample for family in families for sample in family.samples):
        samples.setdefault(sample.name, set()).update(sample.labels)
    return samples


async def test_each_metric_and_label_of_each_rule_exists(shown: Shown) -> None:
    for name, rule in BY_NAME.items():
        for metric, matchers in METRIC.findall(rule["expr"]):
            assert metric in shown, f"{name} asks for {metric}"
            for label, _ in MATCHER.findall(matchers):
                assert label in shown[metric], f"{name} asks for {metric} by {label}"


async def test_what_is_grouped_by_and_told_of_are_labels_of_the_metric(shown: Shown) -> None:
    for name, rule in BY_NAME.items():
        labels = set.union(*(shown[metric] for metric, _ in METRIC.findall(rule["expr"])))
        kept = {label.strip() for group in GROUPED_BY.findall(rule["expr"]) for label in group.split(",")}
        assert kept <= labels, f"{name} groups by {kept - labels}"
        told = set(IN_TEXT.findall(" ".join(rule["annotations"].values())))
        assert told <= kept, f"{name} tells of {told - kept}, which its expression drops"


def test_states_are_states_of_deliveries() -> None:
    states = {
        value
        for rule in RULES
        for _, matchers in METRIC.findall(rule["expr"])
        for label, value in MATCHER.findall(matchers)
        if label == "state"
    }

    assert states <= {status.value for status in DeliveryStatus}


def test_each_rule_says_plainly_what_is_wrong_and_how_grave_it_is() -> None:
    assert len(BY_NAME) == len(RULES), "names are unique"
    for name, rule in BY_NAME.items():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"].endswith("."), name
        assert DURATION.fullmatch(rule.get("for", "0s"))
        assert rule["expr"].count("(") == rule["expr"].count(")")


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ("innbox_oldest_unanswered_seconds", "InnboxGuestWaits"),
        ("innbox_oldest_due_seconds", "InnboxWorkWaits"),
        ("innbox_deliveries_open", "InnboxDeliveriesParked"),
        ("innbox_webhook_rejected_total", "InnboxWebhooksRejected"),
        ("innbox_unroutable_total", "InnboxUnroutable"),
        ("innbox_provider_errors_total", "InnboxProviderErrors"),
        ("innbox_wakes_lost_total", "InnboxWakesLost"),
        ("innbox_workers", "InnboxNoWorker"),
        ("innbox_store_up", "InnboxStoreAway"),
        ("innbox_store_up", "InnboxAbsent"),
    ],
)
def test_what_must_not_go_unnoticed_has_its_rule(metric: str, name: str) -> None:
    assert metric in BY_NAME[name]["expr"]


def test_a_guest_may_wait_two_minutes_before_somebody_is_called() -> None:
    assert BY_NAME["InnboxGuestWaits"]["expr"].endswith("> 120")
    assert "for" not in BY_NAME["InnboxGuestWaits"]
