"""The figures of a house on its own clocks: days, hours of the week and totals, out of quarters of an hour.

A day begins at the hotel's midnight and has 23 or 25 hours where its clocks change; the hour that comes twice counts
twice. Every zone's offset from UTC is a multiple of a quarter of an hour, so no quarter lies in two days.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from innbox.desk import WAIT_BOUNDS, Figures

LONGEST_SPAN = 400  # days of one question

_CLASSES = len(WAIT_BOUNDS) + 1


@dataclass(slots=True)
class Sums:
    """Sums over some time. `waits_by_bot` and `waits_by_staff` are classes of waiting times, as in `Figures`."""

    guest_messages: int = 0
    bot_messages: int = 0
    staff_messages: int = 0
    failed: int = 0
    hand_overs: int = 0
    turns: int = 0
    cost_usd: float = 0.0
    waits_by_bot: Sequence[int] = (0,) * _CLASSES
    waits_by_staff: Sequence[int] = (0,) * _CLASSES
    resolved: int = 0
    solve_seconds: float = 0.0

    def add(self, figures: Figures) -> None:
        """Add a quarter of an hour."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(figures, name))
        for name in _WAITS:
            counts = getattr(figures, name)
            if any(counts):
                setattr(self, name, [one + more for one, more in zip(getattr(self, name), counts, strict=True)])

    @property
    def answered_by_bot(self) -> float | None:
        """The share of waiting guests whom the bot answered, from 0 to 1; None where nobody was answered."""
        bot, staff = sum(self.waits_by_bot), sum(self.waits_by_staff)
        return bot / (bot + staff) if bot + staff else None

    @property
    def median_wait(self) -> float | None:
        """How many seconds guests waited for an answer: half of them less, half of them more."""
        return median([bot + staff for bot, staff in zip(self.waits_by_bot, self.waits_by_staff, strict=True)])

    @property
    def solve_mean(self) -> float | None:
        """Seconds from a conversation's opening to its end, on average."""
        return self.solve_seconds / self.resolved if self.resolved else None

    def as_json(self) -> dict[str, Any]:
        return {
            **{name: getattr(self, name) for name in _NUMBERS if name not in ("cost_usd", "solve_seconds")},
            "cost_usd": round(self.cost_usd, 6),
            "waits_by_bot": list(self.waits_by_bot),
            "waits_by_staff": list(self.waits_by_staff),
            "answered_by_bot": _rounded(self.answered_by_bot, 4),
            "median_wait": _rounded(self.median_wait, 1),
            "median_wait_bot": _rounded(median(self.waits_by_bot), 1),
            "median_wait_staff": _rounded(median(self.waits_by_staff), 1),
            "solve_mean": _rounded(self.solve_mean, 1),
        }


_WAITS = ("waits_by_bot", "waits_by_staff")
_NUMBERS = tuple(field.name for field in fields(Sums) if field.name not in _WAITS)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The figures from a day to a day, both included. `days` has each of them, also those on which nothing happened;
    `hours` are guests' messages by weekday (Monday first) and hour."""

    days: Mapping[date, Sums]
    hours: Sequence[Sequence[int]]
    total: Sums

    def as_json(self) -> dict[str, Any]:
        return {
            "days": [{"day": day.isoformat(), **sums.as_json()} for day, sums in self.days.items()],
            "hours": [list(hours) for hours in self.hours],
            "total": self.total.as_json(),
            "wait_bounds": list(WAIT_BOUNDS),
        }

    def as_rows(self) -> Iterator[Sequence[str]]:
        """Yield a head and a row for each day, as texts for a table."""
        yield COLUMNS
        for day, sums in self.days.items():
            shown = {"day": day.isoformat(), **sums.as_json()}
            yield tuple(_cell(shown[column]) for column in COLUMNS)


COLUMNS = (
    "day",
    "guest_messages",
    "bot_messages",
    "staff_messages",
    "answered_by_bot",
    "median_wait",
    "median_wait_bot",
    "median_wait_staff",
    "hand_overs",
    "resolved",
    "solve_mean",
    "failed",
    "turns",
    "cost_usd",
)


def figures_span(zones: Iterable[str], first: date, last: date) -> tuple[datetime, datetime]:
    """Return from when to when figures are needed for the days from `first` to `last` in all of these zones."""
    begins, ends = zip(*(_midnights(zone, first, last) for zone in zones), strict=True)
    return min(begins), max(ends)


def numbers_of(figures: Iterable[Figures], zones: Mapping[str, str], first: date, last: date) -> Numbers:
    """Fold quarters of an hour into days and hours; `zones` names each hotel's time zone. What lies outside of the
    days, by the clocks of its hotel, is left out."""
    clocks = {hotel: ZoneInfo(zone) for hotel, zone in zones.items()}
    days = {first + timedelta(days=n): Sums() for n in range((last - first).days + 1)}
    hours = [[0] * 24 for _ in range(7)]
    total = Sums()
    for quarter in figures:
        if quarter.hotel not in clocks:
            continue  # no longer a hotel of this house
        local = quarter.at.astimezone(clocks[quarter.hotel])
        if (day := days.get(local.date())) is not None:
            day.add(quarter)
            total.add(quarter)
            hours[local.weekday()][local.hour] += quarter.guest_messages
    return Numbers(days, hours, total)


def median(classes: Sequence[int]) -> float | None:
    """Return the median of waiting times in classes, in seconds, as if they lay evenly within each; None for none.
    Above the last bound nobody knows more than that bound."""
    half = sum(classes) / 2
    if not half:
        return None
    below, lower = 0, 0.0
    for count, upper in zip(classes, WAIT_BOUNDS, strict=False):
        if below + count >= half:
            return lower + (upper - lower) * (half - below) / count
        below, lower = below + count, float(upper)
    return float(WAIT_BOUNDS[-1])


def _midnights(zone: str, first: date, last: date) -> tuple[datetime, datetime]:
    clock = ZoneInfo(zone)
    begin, end = (datetime.combine(day, time(), clock) for day in (first, last + timedelta(days=1)))
    return begin.astimezone(UTC), end.astimezone(UTC)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
