"""The app: the enabled plugins with the parts they brought, put together, and what the core offers to them."""

import hmac
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog
from itsdangerous import TimestampSigner

from innbox.accounts import Accounts
from innbox.audit import Audit
from innbox.config import Config, Hotel
from innbox.desk import KeepsDesk
from innbox.dispatch import Dispatch
from innbox.errors import NotReady, PluginError
from innbox.files import Files
from innbox.live import Live, Silence
from innbox.memory_cache import MemoryCache
from innbox.messages import Inbound, StatusReport, User
from innbox.metrics import Metrics
from innbox.panels import MessageAction
from innbox.pipeline.alarm import Alarm
from innbox.pipeline.door import Door
from innbox.pipeline.prompts import Prompts
from innbox.pipeline.publisher import Publisher
from innbox.pipeline.staff import Staff
from innbox.pipeline.translation import GuestTexts
from innbox.pipeline.wakes import NoWakes, Wakes
from innbox.plugins import Plugin, new_manager, register
from innbox.ports import LLM, Cache, Channel, Ingested, Store, Tool, Translator
from innbox.runtime import Runtime

log = structlog.get_logger(__name__)

P = TypeVar("P")


class App:
    """One deployment's parts in one process. Nothing here is global: two apps can live side by side."""

    def __init__(self, config: Config, plugins: Mapping[str, Plugin[Any]]) -> None:
        """Put the plugins' parts together; raises `PluginError` naming the plugin whose part does not fit."""
        self.config = config
        self.plugins = plugins
        self.hotels: Mapping[str, Hotel] = config.hotels
        self.metrics = Metrics()
        secret = config.secret_key.get_secret_value().encode()
        self.erasure_key = hmac.digest(secret, b"innbox.erasure", "sha256")  # of the marks on tombstones
        manager = new_manager()
        register(manager, plugins)
        self.dispatch = Dispatch(manager, self)
        self.live: Live = Silence()
        self.wakes: Wakes = NoWakes()

        self._store_plugin, self.store = self._only_store()
        self.desk_store: KeepsDesk | None = self.store if isinstance(self.store, KeepsDesk) else None
        self.cache: Cache = self._only_cache()
        self.audit = Audit(self.desk_store)
        self.accounts = Accounts(self.store, self.cache, audit=self.audit)
        self.runtime = Runtime(self.store, self.hotels, self.audit)
        self.channels: Mapping[str, Channel] = self._named("register_channels", Channel)
        if not self.channels:
            raise PluginError("no enabled plugin brings a channel; enable webchat or whatsapp_twilio")
        self.llms: Sequence[LLM] = tuple(self._named("register_llms", LLM).values())
        self.tools: Mapping[str, Tool] = self._named("register_tools", Tool)
        self.translators: Sequence[Translator] = tuple(self._named("register_translators", Translator).values())
        self.actions: Mapping[str, MessageAction] = self._named("register_actions", MessageAction)

        self.prompts = Prompts(self.hotels)
        self.alarm = Alarm(self)
        self.files = Files(self)
        self.publisher = Publisher(self.dispatch)
        self.guest_texts = GuestTexts(self)
        self.door = Door(self)
        self.staff = Staff(self)

    @classmethod
    def from_config(cls, config: Config) -> "App":
        """Make the app that a configuration describes."""
        return cls(config, {name: chosen.cls(name, chosen.settings) for name, chosen in config.plugins.items()})

    @asynccontextmanager
    async def lifespan(self, *, check_schema: bool = True) -> AsyncIterator[None]:
        """Open the plugins' pools and clients, the store's first, and close them at the end.

        With `check_schema`, a schema that is behind raises `NotReady`, unless the work runs inside `serve` (no queue):
        then the schema is brought up to date here.
        """
        async with self.dispatch.lifespan(first=self._store_plugin):
            if check_schema:
                await self._check_schema()
            try:
                async with self.publisher.running(), self.guest_texts.running():
                    yield
            finally:
                await self.live.close()

    async def ingest(self, inbound: Inbound) -> Ingested:
        """Take in a guest's message; when this returns, it is stored. Raises `StoreUnavailable`."""
        return await self.door.ingest(inbound)

    async def keep_aside(self, channel: str, provider_id: str, raw: Mapping[str, Any], reason: str) -> None:
        """Keep, count and warn of a webhook that belongs to nobody. Raises `StoreUnavailable`."""
        await self.door.keep_aside(channel, provider_id, raw, reason)

    async def report_status(self, report: StatusReport) -> None:
        """Take in a provider's word on a delivery; one on an unknown message is no error. Raises `StoreUnavailable`."""
        await self.door.report_status(report)

    async def record(
        self, user: User | str, action: str, hotel: str | None = None, conversation_id: str | None = None, **detail: Any
    ) -> None:
        """Keep in the audit log who did what; `detail` is small JSON without a guest's text, name or number.

        Never raises. Without a desk's store there is no audit log.
        """
        await self.audit.record(user, action, hotel, conversation_id, **detail)

    async def emit(
        self, name: str, data: Any, *, room: str | None = None, namespace: str = "/", to_sid: str | None = None
    ) -> None:
        """Say something over Socket.IO to a room (or one socket): the same in a web process and in a worker.

        It is a hint, not a promise: with Redis gone it is lost, and logged.
        """
        try:
            await self.live.emit(name, data, to_sid or room, namespace)
        except Exception as error:
            log.warning("emit lost", event_name=name, error=type(error).__name__)

    def file_link(self, message_id: str, position: int) -> str:
        """Return the path at which everybody who is told of it may fetch a file of a message, for a day or two."""
        return self.files.link(message_id, position)

    def signer(self, purpose: str) -> TimestampSigner:
        """Return a signer of texts for one purpose; what one purpose signed, another does not accept."""
        return TimestampSigner(self.config.secret_key.get_secret_value(), salt=f"innbox.{purpose}")

    async def _check_schema(self) -> None:
        pending = await self.store.pending_migrations()
        if not pending:
            return
        if self.config.queue is not None:
            raise NotReady(f"The schema is behind by {len(pending)} ({', '.join(pending)}). Run: innbox migrate")
        await self.store.migrate()

    def _only_store(self) -> tuple[str, Store]:
        found = self.dispatch.collect_one("register_store")
        if len(found) != 1:
            names = ", ".join(name for name, _ in found) or "none"
            raise PluginError(f"exactly one plugin must bring a store; enabled are: {names}")
        return found[0][0], _checked(*found[0], "register_store", Store)

    def _only_cache(self) -> Cache:
        found = self.dispatch.collect_one("register_cache")
        if len(found) > 1:
            raise PluginError(f"at most one plugin may bring a cache; enabled are: {', '.join(n for n, _ in found)}")
        return _checked(*found[0], "register_cache", Cache) if found else MemoryCache()

    def _named(self, hook: str, port: Callable[..., P]) -> dict[str, P]:
        parts: dict[str, P] = {}
        owners: dict[str, str] = {}
        for plugin, part in self.dispatch.collect(hook):
            checked = _checked(plugin, part, hook, port)
            name = str(part.name)
            if name in owners:
                raise PluginError(f"plugins {owners[name]} and {plugin} both bring {name} ({hook}); names are unique")
            owners[name] = plugin
            parts[name] = checked
        return parts


def _checked(plugin: str, part: Any, hook: str, port: Any) -> Any:
    if not isinstance(part, port):
        missing = sorted(
            name for name in getattr(port, "__protocol_attrs__", ()) or _members(port) if not hasattr(part, name)
        )
        raise PluginError(
            f"plugin {plugin}: hook {hook} returned {type(part).__name__}, which is no {port.__name__}"
            f" (it lacks {', '.join(missing) or 'nothing that can be named'})"
        )
    return part


def _members(port: Any) -> list[str]:
    return [name for name in (*vars(port), *getattr(port, "__annotations__", {})) if not name.startswith("_")]
