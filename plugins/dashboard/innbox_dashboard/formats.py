"""Numbers, spans of time and moments as a language writes them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from innbox_dashboard.language import Texts

_NARROW = "\u202f"  # a narrow space at which no line breaks
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Formats:
    """Writes figures for people who read `texts.language`; what is not known is a dash."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._point, self._group = (".", ",") if texts.language == "en" else (",", _NARROW)

    def number(self, value: float | None, digits: int = 0) -> str:
        """Return a number, with its thousands in groups."""
        if value is None:
            return "–"
        plain = f"{value:,.{digits}f}"
        return plain.translate({ord(","): self._group, ord("."): self._point})

    def percent(self, share: float | None) -> str:
        """Return a share of 1."""
        if share is None:
            return "–"
        return f"{self.number(100 * share)}{'' if self._texts.language == 'en' else _NARROW}%"

    def dollars(self, value: float | None) -> str:
        """Return an amount of US dollars; small ones with more digits."""
        if value is None:
            return "–"
        number = self.number(value, 2 if value >= 1 or value == 0 else 4)
        return f"${number}" if self._texts.language == "en" else f"{number}{_NARROW}US$"

    def span(self, seconds: float | None) -> str:
        """Return a span of time in its two largest units."""
        if seconds is None:
            return "–"
        whole = round(seconds)
        if whole < _MINUTE:
            return f"{whole}{_NARROW}s"
        if whole < _HOUR:
            return self._two(whole // _MINUTE, "min", whole % _MINUTE, "s")
        if whole < _DAY:
            return self._two(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
        return self._two(whole // _DAY, self._texts("unit_days"), whole % _DAY // _HOUR, "h")

    def moment(self, at: datetime, zone: str) -> str:
        """Return a moment on a zone's clocks."""
        return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")

    def _two(self, large: int, unit: str, small: int, small_unit: str) -> str:
        return f"{large}{_NARROW}{unit}" + (f" {small}{_NARROW}{small_unit}" if small else "")
