"""What may change while the house runs: per hotel, kept in the store, known to every process within a second."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from innbox.config import Hotel
from innbox.errors import NotFound, Refused
from innbox.messages import BotMode, Conversation, User
from innbox.ports import Store

FRESH_SECONDS = 1.0
MAX_TEXT = 4000


@dataclass(frozen=True, slots=True)
class RuntimeSettings:
    """A hotel's run-time settings: whether its bot answers, what else the bot should know, and what a guest is told
    when a person takes over ("" means the text in the guest's language that Innbox brings).

    `bot_mode` is how the bot deals with conversations where `bot` is on: see `mode`.
    """

    bot: bool = True
    instructions: str = ""
    handover_text: str = ""
    bot_mode: BotMode = BotMode.AUTO

    @property
    def mode(self) -> BotMode:
        """How the hotel's bot deals with conversations that say nothing else."""
        return self.bot_mode if self.bot else BotMode.OFF

    def mode_of(self, conversation: Conversation) -> BotMode:
        """How the bot deals with a conversation: as it says itself, else as its hotel does."""
        return conversation.bot_mode or self.mode


class Runtime:
    """Reads and writes run-time settings; a read is at most a second old."""

    def __init__(self, store: Store, hotels: Mapping[str, Hotel]) -> None:
        self._store = store
        self._hotels = hotels
        self._read: Mapping[str, Mapping[str, Any]] = {}
        self._read_at = float("-inf")

    async def of(self, hotel: str) -> RuntimeSettings:
        """Return a hotel's settings; `StoreUnavailable` where they have never been read and the store is away."""
        if time.monotonic() - self._read_at > FRESH_SECONDS:
            self._read = await self._store.settings()
            self._read_at = time.monotonic()
        stored = self._read.get(hotel, {})
        return RuntimeSettings(
            bot=bool(stored.get("bot", self._hotels[hotel].bot)),
            instructions=str(stored.get("instructions", "")),
            handover_text=str(stored.get("handover_text", "")),
            bot_mode=BotMode(stored.get("bot_mode", BotMode.AUTO)),
        )

    async def change(self, hotel: str, values: Mapping[str, Any], user: User) -> None:
        """Check and write some settings of a hotel; `Refused` names what is wrong, `NotFound` an unknown hotel."""
        if hotel not in self._hotels or not user.may_see(hotel):
            raise NotFound("There is no such hotel.")
        if not user.is_admin:
            raise Refused("Only an admin may change settings.", "forbidden")
        for key, value in values.items():
            _check(key, value)
        await self._store.change_settings(hotel, values, user.name)
        self._read_at = float("-inf")


def _check(key: str, value: Any) -> None:
    if key == "bot":
        if not isinstance(value, bool):
            raise Refused("bot is either true or false.")
    elif key == "bot_mode":
        if value not in list(BotMode):
            raise Refused(f"bot_mode is one of {', '.join(BotMode)}.")
    elif key in ("instructions", "handover_text"):
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise Refused(f"{key} is a text of at most {MAX_TEXT} characters.")
    else:
        raise Refused(f"There is no setting {key}; there are bot, bot_mode, instructions and handover_text.")
