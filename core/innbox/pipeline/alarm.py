"""The alarm: which messages call staff at once, without a model, and whom they call."""

from typing import TYPE_CHECKING

from innbox.phrases import Danger, Found, Words

if TYPE_CHECKING:
    from innbox.app import App

_NOTHING = Found(())


class Alarm:
    """Looks for words of danger, and knows who is on call."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._danger = {slug: Danger(hotel.urgent.words) for slug, hotel in app.hotels.items() if hotel.urgent.enabled}

    def in_words(self, hotel: str, words: Words) -> Found:
        """Return what is danger of a guest's words; nothing where the hotel does not look for it."""
        danger = self._danger.get(hotel)
        return danger.in_words(words) if danger else _NOTHING

    def notice(self, hotel: str, found: Found, language: str | None) -> str:
        """Return what the guest is told at once, in the language that they wrote in as far as it is known."""
        own = self._app.hotels[hotel].urgent.notice.strip()
        return own or self._app.prompts.urgent(self._app.hotels[hotel], found.language or language)

    async def on_call(self, hotel: str) -> tuple[str, ...]:
        """Return whom it rings for, one after the other: those of the hotel's list who can hear it. Raises
        `StoreUnavailable`."""
        listed = (await self._app.runtime.of(hotel)).on_call
        if not listed:
            return ()
        can_hear = {user.name for user in await self._app.store.users() if not user.disabled and user.may_see(hotel)}
        return tuple(name for name in listed if name in can_hear)
