"""How much one guest, and one network address, may ask of us."""

from innbox import App, Throttled
from innbox_webchat.settings import WebChatSettings

MINUTE = 60.0
HOUR = 3600.0
CONNECTS_PER_MINUTE = 60  # by one guest: a page that reconnects through a bad network needs far fewer
REQUESTS_PER_MINUTE = 120  # by one guest, for what a page asks by itself (sync, read)


class Limits:
    """Counts in the cache, so that all web processes count together. Each method raises `Throttled` past its limit."""

    def __init__(self, app: App, settings: WebChatSettings) -> None:
        self._app = app
        self._settings = settings

    async def new_guest(self, address: str) -> None:
        """Count a token given to somebody who brought none."""
        await self._count(f"new:{address}", self._settings.new_guests_per_hour_per_address, HOUR)

    async def connect(self, handle: str) -> None:
        await self._count(f"connect:{handle}", CONNECTS_PER_MINUTE, MINUTE)

    async def message(self, handle: str, address: str) -> None:
        await self._count(f"message:{handle}", self._settings.messages_per_minute, MINUTE)
        await self._count(f"address:{address}", self._settings.messages_per_minute_per_address, MINUTE)

    async def request(self, handle: str) -> None:
        await self._count(f"request:{handle}", REQUESTS_PER_MINUTE, MINUTE)

    async def _count(self, what: str, limit: int, seconds: float) -> None:
        key = f"webchat:{what}"
        if await self._app.cache.add(key, 1, seconds) <= limit:
            return
        wait = await self._app.cache.time_left(key)
        raise Throttled("That was a little fast. Please wait a moment.", max(1.0, wait))
