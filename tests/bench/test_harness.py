"""The harness measures: a real, small load on a real house, and tables and charts from what came of it."""

from xml.etree import ElementTree

import pytest
from bench.chart import chart
from bench.deployment import Ground, Innbox, running
from bench.figures import median_of, percentiles
from bench.scenarios import is_held, step
from bench.table import ROWS, Results, figure, markdown, met


@pytest.mark.services
async def test_a_small_load_is_answered_and_counted() -> None:
    with Ground() as ground:
        async with running(Innbox(embedded=True), ground) as deployment:
            outcome = await step(deployment, 10, 1.0, twilio=0.05)

    assert (outcome["offered"], outcome["accepted"], outcome["replies"]) == (10, 10, 10)
    assert (outcome["lost"], outcome["twice"], outcome["out_of_order"]) == (0, 0, 0)
    assert outcome["end_ms"]["p50"] > 25, "Twilio's own time is part of an answer's"
    assert outcome["cpu_ms_of"]["web"] > 0
    assert outcome["pss_mb"] > 20
    assert 0 <= outcome["others"] <= 1


def test_a_rate_is_held_only_where_everything_is_answered_in_pace() -> None:
    held = {"rate": 50, "offered": 500, "accepted": 500, "lost": 0, "replies_per_second": 49, "end_ms": {"p99": 900}}

    assert is_held(held)
    for fault in ({"accepted": 499}, {"lost": 1}, {"replies_per_second": 40}, {"end_ms": {"p99": 2500.0}}):
        assert not is_held({**held, **fault}), fault
    assert not is_held({**held, "replies_per_second": None, "end_ms": {"p99": None}})


def test_medians_of_rounds_keep_their_shape() -> None:
    rounds = [{"a": {"p99": value, "held": held}} for value, held in ((1.0, True), (9.0, False), (2.0, True))]

    assert median_of(rounds) == {"a": {"p99": 2.0, "held": False}}
    assert percentiles([0.001 * n for n in range(1, 101)]) == {"p50": 50.0, "p99": 99.0, "max": 100.0}
    assert percentiles([])["p50"] is None


def test_the_table_says_what_is_met_and_how_much_better_than_the_peer_it_is() -> None:
    results: Results = {
        "innbox": {
            "highest": {"rate": 160.0, "cpu_ms": 12.0},
            "overload": {"offered": 10, "accepted": 8, "ack_ms": {"p99": 50.0}},
        },
        "peer": {"highest": {"rate": 80.0, "cpu_ms": 24.0}},
    }

    table = markdown(results, [results])

    assert "| highest rate held, model and Twilio at 0 ms | 80/s | 160/s | 2.0 | ≥ 160/s | met |" in table
    assert "| 24 ms | 12 ms | 2.0 | ≤ 10 ms | **not met** |" in table
    assert "| … not accepted | – | 2 |  | ≤ 0 | **not met** |" in table
    assert "kill -9" not in table, "what was not measured is not told"
    assert figure(results, "peer", "calm.end_ms.p50") is None
    assert all(met(row, None) is None for row in ROWS)


def test_a_row_is_met_where_every_round_met_it() -> None:
    fast, slow = ({"innbox": {"highest": {"rate": rate, "cpu_ms": 9.0}}} for rate in (200.0, 100.0))

    table = markdown(fast, [fast, slow, fast])

    assert "| ≥ 160/s | met in 2 of 3 |" in table
    assert "| ≤ 10 ms | met |" in table
    assert "| ≥ 160/s | **not met** |" in markdown(slow, [slow, slow])


def test_a_chart_is_svg_with_every_line_and_point() -> None:
    lines = {"Innbox p50": [(20.0, 14.0), (100.0, 20.0)], "Innbox p99": [(20.0, 30.0)], "<peer> p50": [(20.0, 22.0)]}

    drawing = ElementTree.fromstring(chart("Latency", "rate", "ms", lines))

    names = [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Innbox p50", "Innbox p99", "<peer> p50"} <= set(names)
    assert len(list(drawing.iter("{http://www.w3.org/2000/svg}circle"))) == 4
    assert chart("Latency", "rate", "ms", {}) == ""
