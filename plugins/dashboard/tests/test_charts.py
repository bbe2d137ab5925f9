"""Charts, and figures in words."""

from datetime import UTC, datetime

import pytest

from innbox_dashboard.charts import HEIGHT, grouped, levels, nice_top, stacked
from innbox_dashboard.formats import Formats
from innbox_dashboard.language import Texts

NARROW = "\u202f"


def test_parts_stand_on_each_other() -> None:
    chart = stacked([(3, 1), (0, 0), (0, 4)])
    assert (chart.width, chart.top, chart.box) == (30, 4, "0 0 30 100")
    first, second, third = chart.bars
    assert (first.series, first.height, first.y) == (0, 75, 25)
    assert (second.series, second.height, second.y) == (1, 25, 0)
    assert (third.x, third.height, third.y) == (21, HEIGHT, 0)


def test_parts_stand_side_by_side_and_what_is_unknown_is_a_gap() -> None:
    chart = grouped([(0.5, None), (2.0, 0)], top=1)
    first, second = chart.bars
    assert (first.x, first.width, first.height) == (1, 4, 50)
    assert (second.x, second.height) == (11, HEIGHT)


def test_nothing_is_a_chart_too() -> None:
    for chart in (stacked([]), stacked([(0, 0)]), grouped([]), grouped([(None,)])):
        assert chart.bars == ()
        assert chart.width > 0
    assert levels([]) == []


@pytest.mark.parametrize(("highest", "top"), [(0, 1), (0.3, 0.3), (1, 1), (7, 8), (10, 10), (11, 20), (999, 1000)])
def test_a_scale_ends_at_a_round_number(highest: float, top: float) -> None:
    assert nice_top(highest) == pytest.approx(top)


def test_the_most_is_the_darkest_and_something_is_never_nothing() -> None:
    assert levels([[0, 1, 50], [100, 21, 20]]) == [[0, 1, 3], [5, 2, 1]]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"),
        (0, f"0{NARROW}s"),
        (59.4, f"59{NARROW}s"),
        (59.6, f"1{NARROW}min"),
        (61, f"1{NARROW}min 1{NARROW}s"),
        (3600, f"1{NARROW}h"),
        (90_000, f"1{NARROW}d 1{NARROW}h"),
    ],
)
def test_a_span_of_time(seconds: float | None, said: str) -> None:
    assert Formats(Texts("en")).span(seconds) == said


@pytest.mark.parametrize(
    ("language", "number", "dollars"),
    [("en", "1,234,567.5", "$0.0012"), ("pt", f"1{NARROW}234{NARROW}567,5", f"0,0012{NARROW}US$")],
)
def test_numbers(language: str, number: str, dollars: str) -> None:
    formats = Formats(Texts(language))
    assert formats.number(1_234_567.5, 1) == number
    assert formats.dollars(0.0012) == dollars
    assert formats.number(None) == formats.percent(None) == formats.dollars(None) == "–"


def test_a_moment_on_a_zones_clocks() -> None:
    at = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert Formats(Texts("en")).moment(at, "Europe/Lisbon") == "2026-03-29 02:30:00"
