"""The prompts: Jinja2 templates of the core, each of which a hotel may override by a file in its own folder."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined, Template

from innbox.config import Hotel
from innbox.messages import Snippet, now
from innbox.runtime import RuntimeSettings

MOST_KEPT = 256  # prompts that are remembered: with a coarse clock, most guests' are equal
TIME_STEP = timedelta(minutes=15)  # the prompt's clock: coarse, so that equal questions make equal prompts


class Prompts:
    """Renders the prompts of every hotel."""

    def __init__(self, hotels: Mapping[str, Hotel]) -> None:
        self._kept: dict[Hashable, str] = {}
        self._environments = {slug: _environment(hotel.prompts) for slug, hotel in hotels.items()}

    def system(self, hotel: Hotel, runtime: RuntimeSettings, snippets: Sequence[Snippet], language: str | None) -> str:
        """Return what a chat model is told before the conversation."""
        moment = _coarse(now())
        key = (hotel.slug, hotel.facts, runtime.instructions, runtime.staff_language, tuple(snippets), language, moment)
        if (kept := self._kept.get(key)) is not None:
            return kept
        told = self._template(hotel, "system.md.j2").render(
            hotel=hotel,
            facts=hotel.facts.strip(),
            instructions=runtime.instructions.strip(),
            snippets=snippets,
            language=language,
            staff_language=runtime.staff_language,
            local_time=moment.astimezone(ZoneInfo(hotel.timezone)),
        )
        if hotel.prompts is None:  # a hotel's own template may be edited at any time
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = told
        return told

    def hand_over(self, hotel: Hotel, runtime: RuntimeSettings, language: str | None) -> str:
        """Return what the guest is told when a person takes over."""
        if runtime.handover_text.strip():
            return runtime.handover_text.strip()
        return self._template(hotel, "hand_over.txt.j2").render(hotel=hotel, language=language).strip()

    def hand_over_note(self, hotel: Hotel, language: str, reason: str, lines: int) -> str:
        """Return what a model is told that writes the note for staff, in their language."""
        template = self._template(hotel, "hand_over_note.md.j2")
        return template.render(hotel=hotel, language=language, reason=reason, lines=lines).strip()

    def urgent(self, hotel: Hotel, language: str | None) -> str:
        """Return what the guest is told where words of danger call staff."""
        language = language or hotel.languages[0]
        return self._template(hotel, "urgent.txt.j2").render(hotel=hotel, language=language).strip()

    def _template(self, hotel: Hotel, name: str) -> Template:
        return self._environments[hotel.slug].get_template(name)


def _environment(folder: Path | None) -> Environment:
    ours = PackageLoader("innbox", "prompts")
    loader = ChoiceLoader([FileSystemLoader(folder), ours]) if folder else ours
    # Not HTML: what is rendered goes to a model or into a chat message.
    return Environment(loader=loader, undefined=StrictUndefined, autoescape=False, trim_blocks=True)  # noqa: S701


def _coarse(moment: datetime) -> datetime:
    step = int(TIME_STEP.total_seconds())
    return moment.fromtimestamp(int(moment.timestamp()) // step * step, tz=moment.tzinfo)
