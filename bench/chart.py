"""Charts: latency against rate, as SVG on logarithmic axes."""

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 400, 64, 48, 24, 120
COLOURS = ("#0b6e4f", "#b5482e", "#30527a", "#8a6d1f")

Points = Sequence[tuple[float, float]]


def chart(title: str, across: str, up: str, lines: Mapping[str, Points]) -> str:
    """Return a chart of lines by name, each of points (across, up), all above 0. Where p99 and p50 of one thing are
    named `NAME p50` and `NAME p99`, they share a colour and the second is dashed."""
    points = [point for line in lines.values() for point in line]
    if not points:
        return ""
    xs, ys = _Axis([x for x, _ in points], LEFT, WIDTH - RIGHT), _Axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for value in xs.marks():
        at = xs.place(value)
        parts.append(f'<path d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{value:g}</text>')
    for value in ys.marks():
        at = ys.place(value)
        parts.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{value:g}</text>')
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(across)}</text>'
    )
    parts.append(f'<text x="{LEFT}" y="{TOP - 8}">{escape(up)}</text>')
    things = list(dict.fromkeys(_thing(name) for name in lines))
    ends: list[float] = []
    for name, line in lines.items():
        places = [(xs.place(x), ys.place(y)) for x, y in sorted(line)]
        colour = COLOURS[things.index(_thing(name)) % len(COLOURS)]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        dash = ' stroke-dasharray="5 4"' if name.endswith("p99") else ""
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in places]
        beside = _free(places[-1][1] + 4, ends)
        parts.append(f'<text x="{WIDTH - RIGHT + 8}" y="{beside:.1f}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _thing(name: str) -> str:
    return name.removesuffix(" p50").removesuffix(" p99")


def _free(wanted: float, taken: list[float]) -> float:
    """Return the place next to `wanted` where a label covers no other."""
    while any(abs(wanted - other) < 14 for other in taken):
        wanted += 3
    taken.append(wanted)
    return wanted


class _Axis:
    """A logarithmic axis from the first to the last pixel, wide enough for all values."""

    def __init__(self, values: Sequence[float], first: float, last: float) -> None:
        self._low, self._high = math.log10(min(values) / 1.1), math.log10(max(values) * 1.1)
        self._first, self._last = first, last

    def place(self, value: float) -> float:
        return self._first + (math.log10(value) - self._low) / (self._high - self._low) * (self._last - self._first)

    def marks(self) -> list[float]:
        """Return round values along the axis: 1, 2 and 5 of each power of ten."""
        powers = range(math.floor(self._low), math.ceil(self._high) + 1)
        found = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
        return [value for value in found if self._low <= math.log10(value) <= self._high]
