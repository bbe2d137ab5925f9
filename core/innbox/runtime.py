"""What may change while the house runs: per hotel, kept in the store, known to every process within a second."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from innbox.audit import Audit
from innbox.config import Hotel
from innbox.desk import KeepsDesk
from innbox.errors import NotFound, Refused
from innbox.messages import BotMode, Conversation, User
from innbox.ports import Store

FRESH_SECONDS = 1.0
MAX_TEXT = 4000
MAX_ON_CALL = 50

_LANGUAGE = re.compile(r"[a-z]{2}")


@dataclass(frozen=True, slots=True)
class RuntimeSettings:
    """A hotel's run-time settings: whether its bot answers, what else the bot should know, and what a guest is told
    when a person takes over ("" means the text in the guest's language that Innbox brings).

    `bot_mode` is how the bot deals with conversations where `bot` is on: see `mode`. `on_call` are those whom an
    urgent conversation rings for, one after the other, each for `ring_seconds`. `staff_language` is what staff read.
    """

    bot: bool = True
    instructions: str = ""
    handover_text: str = ""
    bot_mode: BotMode = BotMode.AUTO
    staff_language: str = "en"
    on_call: tuple[str, ...] = ()
    ring_seconds: float = 120.0

    @property
    def mode(self) -> BotMode:
        """How the hotel's bot deals with conversations that say nothing else."""
        return self.bot_mode if self.bot else BotMode.OFF

    def mode_of(self, conversation: Conversation) -> BotMode:
        """How the bot deals with a conversation: as it says itself, else as its hotel does."""
        return conversation.bot_mode or self.mode


class Runtime:
    """Reads and writes run-time settings; a read is at most a second old."""

    def __init__(self, store: Store, hotels: Mapping[str, Hotel], audit: Audit) -> None:
        self._store = store
        self._hotels = hotels
        self._audit = audit
        self._read: Mapping[str, Mapping[str, Any]] = {}
        self._read_at = float("-inf")

    async def of(self, hotel: str) -> RuntimeSettings:
        """Return a hotel's settings; `StoreUnavailable` where they have never been read and the store is away."""
        if time.monotonic() - self._read_at > FRESH_SECONDS:
            self._read = await self._store.settings()
            self._read_at = time.monotonic()
        stored, configured = self._read.get(hotel, {}), self._hotels[hotel]
        return RuntimeSettings(
            bot=bool(stored.get("bot", configured.bot)),
            instructions=str(stored.get("instructions", "")),
            handover_text=str(stored.get("handover_text", "")),
            bot_mode=BotMode(stored.get("bot_mode", BotMode.AUTO)),
            staff_language=str(stored.get("staff_language") or configured.staff_language or configured.languages[0]),
            on_call=tuple(stored.get("on_call", configured.urgent.on_call)),
            ring_seconds=float(stored.get("ring_seconds", configured.urgent.ring_seconds)),
        )

    async def change(self, hotel: str, values: Mapping[str, Any], user: User) -> None:
        """Check and write some settings of a hotel (None: as the file says); `Refused` names what is wrong, `NotFound`
        an unknown hotel."""
        if hotel not in self._hotels or not user.may_see(hotel):
            raise NotFound("There is no such hotel.")
        if not user.is_admin:
            raise Refused("Only an admin may change settings.", "forbidden")
        for key, value in values.items():
            if key not in _CHECKS:
                raise Refused(f"There is no setting {key}; there are {', '.join(_CHECKS)}.")
            if value is not None:
                _CHECKS[key](key, value)
        if values.get("bot_mode") == BotMode.DRAFT and not isinstance(self._store, KeepsDesk):
            raise Refused("The store of this house keeps no drafts.", "no_desk")
        if values.get("on_call"):
            await self._check_names(hotel, values["on_call"])
        await self._store.change_settings(hotel, values, user.name)
        self._read_at = float("-inf")
        await self._audit.record(user, "settings", hotel, changed=sorted(values))

    async def _check_names(self, hotel: str, names: Sequence[str]) -> None:
        """Who is on call must be able to hear it."""
        known = {user.name for user in await self._store.users() if not user.disabled and user.may_see(hotel)}
        for name in names:
            if name not in known:
                raise Refused(f"There is nobody called {name} who may see this hotel.")


def _is_switch(key: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise Refused(f"{key} is either true or false.")


def _is_text(key: str, value: Any) -> None:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise Refused(f"{key} is a text of at most {MAX_TEXT} characters.")


def _is_mode(key: str, value: Any) -> None:
    if value not in list(BotMode):
        raise Refused(f"{key} is one of {', '.join(BotMode)}.")


def _is_language(key: str, value: Any) -> None:
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        raise Refused(f"{key} is a language of two small letters, such as en.")


def _is_names(key: str, value: Any) -> None:
    if (
        not isinstance(value, list | tuple)
        or len(value) > MAX_ON_CALL
        or not all(isinstance(one, str) for one in value)
    ):
        raise Refused(f"{key} is a list of at most {MAX_ON_CALL} names.")


def _is_ring(key: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 5 <= value <= 3600:
        raise Refused(f"{key} is a number of seconds from 5 to 3600.")


_CHECKS: Mapping[str, Callable[[str, Any], None]] = {
    "bot": _is_switch,
    "instructions": _is_text,
    "handover_text": _is_text,
    "bot_mode": _is_mode,
    "staff_language": _is_language,
    "on_call": _is_names,
    "ring_seconds": _is_ring,
}
