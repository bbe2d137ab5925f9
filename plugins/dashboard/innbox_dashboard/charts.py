"""Charts as shapes for a template: no script, no style, nothing but places and classes.

Each chart is drawn in a box of its own units, which the page stretches to its width; words stand around it in HTML, so
that they are never stretched.
"""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 100.0
STEP = 10.0  # the width of one column
GAP = 2.0  # between two columns


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; `series` counts from 0 and gives it its colour."""

    x: float
    y: float
    width: float
    height: float
    series: int


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: bars in a box of `width` by `HEIGHT`, whose top is `top` in the units of what is counted."""

    bars: tuple[Bar, ...]
    width: float
    top: float

    @property
    def box(self) -> str:
        return f"0 0 {self.width:g} {HEIGHT:g}"


def stacked(columns: Sequence[Sequence[float]]) -> Chart:
    """Return columns whose parts stand on each other."""
    top = nice_top(max((sum(column) for column in columns), default=0))
    bars = []
    for number, column in enumerate(columns):
        below = 0.0
        for series, value in enumerate(column):
            if value > 0:
                height = HEIGHT * value / top
                bars.append(_bar(number * STEP + GAP / 2, below, STEP - GAP, height, series))
                below += height
    return Chart(tuple(bars), STEP * max(len(columns), 1), top)


def grouped(columns: Sequence[Sequence[float | None]], top: float | None = None) -> Chart:
    """Return columns whose parts stand side by side; None is a gap."""
    highest = max((value for column in columns for value in column if value is not None), default=0)
    top = top or nice_top(highest)
    bars = []
    for number, column in enumerate(columns):
        width = (STEP - GAP) / max(len(column), 1)
        for series, value in enumerate(column):
            if value:
                x = number * STEP + GAP / 2 + series * width
                bars.append(_bar(x, 0, width, HEIGHT * min(value, top) / top, series))
    return Chart(tuple(bars), STEP * max(len(columns), 1), top)


def nice_top(highest: float) -> float:
    """Return the round number at or above the highest value at which a scale ends."""
    if highest <= 0:
        return 1.0
    power = 1.0
    while power * 10 < highest:
        power *= 10
    while power > highest:
        power /= 10
    return next(step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * power >= highest)


def levels(cells: Sequence[Sequence[int]], steps: int = 5) -> list[list[int]]:
    """Return for each cell of a table how dark it is: 0 for nothing, up to `steps` for the most."""
    most = max((cell for row in cells for cell in row), default=0)
    return [[-(-cell * steps // most) if cell else 0 for cell in row] for row in cells]


def _bar(x: float, below: float, width: float, height: float, series: int) -> Bar:
    return Bar(round(x, 2), round(HEIGHT - below - height, 2), round(width, 2), round(height, 2), series)
