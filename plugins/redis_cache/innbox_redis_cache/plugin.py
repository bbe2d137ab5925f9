"""The plugin: it brings one cache, closes it with the app, and can try the server."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from urllib.parse import urlsplit

from innbox import App, Cache, NotReady, Plugin, hookimpl
from innbox_redis_cache.cache import RedisBackedCache
from innbox_redis_cache.commands import Commands
from innbox_redis_cache.server import Gone, Server
from innbox_redis_cache.settings import RedisCacheSettings

FIXES = {
    "auth": "check the user, the password and what the user may do",
    "out_of_memory": "give it more memory, or a maxmemory-policy that evicts",
    "read_only": "name the primary, not a replica",
    "loading": "it is reading its data; try again in a moment",
}


class RedisCache(Plugin[RedisCacheSettings]):
    """Remembers in Redis, for all processes together."""

    Settings = RedisCacheSettings

    @hookimpl
    def register_cache(self, app: App) -> Cache:
        self._commands = Commands(self.settings.prefix)
        self._server = Server(self.settings.url.get_secret_value(), self.settings.timeout_seconds)
        self._cache = RedisBackedCache(
            self._server, self._commands, lambda code: app.metrics.provider_error(self.name, code)
        )
        return self._cache

    @hookimpl
    def lifespan(self) -> AbstractAsyncContextManager[None]:
        return self._opened()

    @hookimpl
    async def check_live(self) -> str:
        """Write and read, so that a full server, a replica and a user who may not write are found out too."""
        try:
            await self._server.run([self._commands.add("check", 1, 1.0), self._commands.get("check")])
        except Gone as error:
            fix = FIXES.get(error.code, "is it running, and is the url right?")
            raise NotReady(f"{self._place()} is of no use ({error.code}): {fix}") from None
        return self._place()

    def _place(self) -> str:
        parts = urlsplit(self.settings.url.get_secret_value())
        return parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or 6379}"

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self._cache.close()
