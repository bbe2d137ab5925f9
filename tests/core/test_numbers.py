"""The figures on a hotel's own clocks: right across midnight and the days on which clocks change."""

from datetime import UTC, date, datetime, timedelta

import pytest

from innbox import Figures
from innbox.desk import FIGURE_MINUTES, WAIT_BOUNDS
from innbox.numbers import COLUMNS, Sums, figures_span, median, numbers_of

LISBON = {"miramar": "Europe/Lisbon"}
CLASSES = len(WAIT_BOUNDS) + 1


def quarter(at: str, hotel: str = "miramar", guests: int = 1) -> Figures:
    return Figures(hotel, datetime.fromisoformat(at).replace(tzinfo=UTC), guest_messages=guests)


def waits(**classes: int) -> tuple[int, ...]:
    """Return classes of waiting times: `upto_30=2` are two guests who waited up to 30 seconds."""
    counts = [0] * CLASSES
    for name, count in classes.items():
        counts[WAIT_BOUNDS.index(int(name.removeprefix("upto_"))) if name != "longer" else -1] = count
    return tuple(counts)


def whole_span(zone: str, first: date, last: date) -> list[Figures]:
    """Return a quarter with one message for every quarter of an hour of a span."""
    since, until = figures_span([zone], first, last)
    return [
        Figures("miramar", since + timedelta(minutes=FIGURE_MINUTES * n), guest_messages=1)
        for n in range(int((until - since) / timedelta(minutes=FIGURE_MINUTES)))
    ]


def test_a_day_begins_at_the_hotels_own_midnight() -> None:
    # In July Lisbon is an hour ahead of UTC
    quarters = [quarter("2026-07-01 22:45"), quarter("2026-07-01 23:00"), quarter("2026-07-02 22:45", guests=5)]

    numbers = numbers_of(quarters, LISBON, date(2026, 7, 1), date(2026, 7, 2))

    assert {day.isoformat(): sums.guest_messages for day, sums in numbers.days.items()} == {
        "2026-07-01": 1,
        "2026-07-02": 6,
    }
    wednesday, thursday = numbers.hours[2], numbers.hours[3]
    assert (wednesday[23], thursday[0], thursday[23]) == (1, 1, 5)


@pytest.mark.parametrize(
    ("zone", "day", "hours", "doubled"),
    [
        ("Europe/Lisbon", date(2026, 3, 29), 23, None),  # 01:00 becomes 02:00
        ("Europe/Lisbon", date(2026, 10, 25), 25, 1),  # 02:00 becomes 01:00
        ("Europe/Berlin", date(2026, 3, 29), 23, None),
        ("Europe/Berlin", date(2026, 10, 25), 25, 2),
        ("America/New_York", date(2026, 11, 1), 25, 1),
        ("Asia/Kathmandu", date(2026, 7, 1), 24, None),  # 5 hours and 45 minutes ahead
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5, None),  # clocks change by half an hour
        ("America/Sao_Paulo", date(2018, 11, 4), 23, None),  # the hour from midnight on is the one that is not there
    ],
)
def test_days_on_which_clocks_change_have_all_their_hours_and_no_others(
    zone: str, day: date, hours: float, doubled: int | None
) -> None:
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    quarters = whole_span(zone, before, after)

    numbers = numbers_of(quarters, {"miramar": zone}, before, after)

    assert {day: sums.guest_messages / 4 for day, sums in numbers.days.items()} == {before: 24, day: hours, after: 24}
    assert numbers.total.guest_messages == len(quarters)
    if doubled is not None:
        assert numbers.hours[day.weekday()][doubled] == 8


def test_hotels_far_apart_have_days_of_their_own() -> None:
    zones = {"miramar": "Europe/Lisbon", "sakura": "Asia/Tokyo"}
    day = date(2026, 1, 10)
    at = [quarter("2026-01-09 15:00", "sakura"), quarter("2026-01-09 15:00"), quarter("2026-01-10 15:00", "sakura")]

    since, until = figures_span(zones.values(), day, day)
    numbers = numbers_of(at, zones, day, day)

    assert (since.isoformat(), until.isoformat()) == ("2026-01-09T15:00:00+00:00", "2026-01-11T00:00:00+00:00")
    assert numbers.total.guest_messages == 1


def test_days_on_which_nothing_happened_are_there() -> None:
    numbers = numbers_of([], LISBON, date(2026, 2, 27), date(2026, 3, 2))

    assert [day.isoformat() for day in numbers.days] == ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]
    assert numbers.total.as_json()["median_wait"] is None
    assert numbers.total.as_json()["answered_by_bot"] is None


@pytest.mark.parametrize(
    ("classes", "seconds"),
    [
        (waits(upto_10=2), 5),
        (waits(upto_10=1, upto_30=2), 15),  # the middle one of three, a quarter into its class
        (waits(upto_10=3, upto_3600=1), 20 / 3),
        (waits(upto_60=1, upto_120=1), 60),
        (waits(upto_30=1, longer=3), WAIT_BOUNDS[-1]),
        (waits(), None),
    ],
)
def test_the_median_lies_within_its_class(classes: tuple[int, ...], seconds: float | None) -> None:
    assert median(classes) == (None if seconds is None else pytest.approx(seconds))


def test_sums_say_what_a_manager_asks() -> None:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    sums = Sums()
    sums.add(Figures("miramar", at, waits_by_bot=waits(upto_10=9), resolved=1, solve_seconds=600, cost_usd=0.02))
    sums.add(Figures("miramar", at, waits_by_staff=waits(upto_300=3), resolved=3, solve_seconds=3000, cost_usd=0.01))

    told = sums.as_json()

    assert (told["answered_by_bot"], told["solve_mean"], told["cost_usd"]) == (0.75, 900, 0.03)
    assert (told["median_wait_bot"], told["median_wait_staff"]) == (5, 210)
    assert told["median_wait"] == pytest.approx(6.7)


def test_the_rows_of_a_table_have_a_head_and_empty_cells_for_what_nobody_knows() -> None:
    numbers = numbers_of([quarter("2026-07-01 10:00")], LISBON, date(2026, 7, 1), date(2026, 7, 2))

    head, first, second = numbers.as_rows()

    assert head == COLUMNS
    assert (first[:2], second[:2]) == (("2026-07-01", "1"), ("2026-07-02", "0"))
    assert first[COLUMNS.index("median_wait")] == ""
    assert {len(row) for row in (head, first, second)} == {len(COLUMNS)}
