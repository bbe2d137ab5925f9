"""The plugin: its setting, what it shows, and what it lets staff do."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field

from innbox import (
    App,
    Conversation,
    GuestFact,
    Message,
    MessageAction,
    Panel,
    Plugin,
    PluginSettings,
    Refused,
    Snippet,
    Turn,
    User,
    hookimpl,
)
from innbox_stays.register import Register


class StaysSettings(PluginSettings):
    """What may stand under `stays:` in the YAML."""

    file: Path = Field(description="CSV file with the columns hotel, handle, room, arrival and departure.")


class Stays(Plugin[StaysSettings]):
    """Brings rooms and nights to the desk."""

    Settings = StaysSettings

    def __init__(self, name: str, settings: StaysSettings) -> None:
        super().__init__(name, settings)
        self._register = Register(settings.file)

    @hookimpl
    async def guest_facts(self, app: App, conversation: Conversation) -> Sequence[GuestFact]:
        """Tell staff the room and the nights of the guest's stay."""
        hotel = conversation.hotel
        stay = self._register.stay_of(hotel, conversation.guest.handle, today(app, hotel))
        if stay is None:
            return []
        until = f"{stay.nights} until {stay.departure:%Y-%m-%d}"
        return [GuestFact("Room", stay.room), GuestFact("Nights", until)]

    @hookimpl
    async def desk_panels(self, app: App, conversation: Conversation) -> Sequence[Panel]:
        """Show who comes and who goes today."""
        hotel, day = conversation.hotel, today(app, conversation.hotel)
        ours = [stay for stay in self._register.stays() if stay.hotel == hotel]
        arrivals = [stay.room for stay in ours if stay.arrival == day]
        departures = [stay.room for stay in ours if stay.departure == day]
        return [Panel("Today", [("Arrivals", _rooms(arrivals)), ("Departures", _rooms(departures))])]

    @hookimpl
    def register_actions(self, app: App) -> Iterable[MessageAction]:
        return [ToHousekeeping(app, self._register)]

    @hookimpl
    async def gather_context(self, app: App, turn: Turn) -> Sequence[Snippet]:
        """Tell the bot what it may know of the stay: whose it is, the conversation says."""
        hotel = turn.conversation.hotel
        stay = self._register.stay_of(hotel, turn.conversation.guest.handle, today(app, hotel))
        if stay is None:
            return []
        text = f"The guest stays in room {stay.room} from {stay.arrival} to {stay.departure}."
        return [Snippet(text, "The guest's stay")]


class ToHousekeeping:
    """Leaves a note for housekeeping that quotes the message and names the room."""

    name = "housekeeping"
    label = "To housekeeping"

    def __init__(self, app: App, register: Register) -> None:
        self._app = app
        self._register = register

    async def run(self, user: User, conversation: Conversation, message: Message) -> str:
        day = today(self._app, conversation.hotel)
        stay = self._register.stay_of(conversation.hotel, conversation.guest.handle, day)
        if stay is None:
            raise Refused("This guest is not in the house today.", "no_stay")
        note = f"Housekeeping, room {stay.room}: {message.text}"
        # The same message twice leaves one note.
        await self._app.staff.note(user, conversation.id, note, f"housekeeping:{message.id}")
        return f"Housekeeping is told: room {stay.room}."


def today(app: App, hotel: str) -> date:
    """Return the day it is at a hotel."""
    return datetime.now(ZoneInfo(app.hotels[hotel].timezone)).date()


def _rooms(rooms: Sequence[str]) -> str:
    return ", ".join(sorted(rooms)) or "none"
