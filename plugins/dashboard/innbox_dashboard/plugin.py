"""The dashboard as a plugin: its pages, its namespace, and its part in the live view."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager

import structlog
from socketio import AsyncNamespace
from starlette.routing import BaseRoute, Mount, Route

from innbox import App, Event, Plugin, hookimpl
from innbox_dashboard.api import Api
from innbox_dashboard.audit_page import AuditPage
from innbox_dashboard.canned import Canned
from innbox_dashboard.config import DashboardSettings
from innbox_dashboard.desk import DeskNamespace
from innbox_dashboard.doors import Doors
from innbox_dashboard.export import Export
from innbox_dashboard.guests import Guests
from innbox_dashboard.language import choose
from innbox_dashboard.media import Media
from innbox_dashboard.numbers_page import NumbersPage
from innbox_dashboard.pages import STATIC, Pages
from innbox_dashboard.people_page import PeoplePage
from innbox_dashboard.plugin_actions import PluginActions
from innbox_dashboard.presence import RENEW_SECONDS, room_of
from innbox_dashboard.roles import admins, leads
from innbox_dashboard.sending import Sending
from innbox_dashboard.session import Sessions
from innbox_dashboard.settings_page import SettingsPage
from innbox_dashboard.sign_in import SignIn
from innbox_dashboard.static import PageFiles
from innbox_dashboard.views import Views

log = structlog.get_logger(__name__)

SETTINGS_FORBIDDEN = "settings.forbidden"
CHECK_SECONDS = 3.0  # a desk outlives its session by no more than this and one query


class Dashboard(Plugin[DashboardSettings]):
    """The desk: sign-in, inbox, settings, and everything live."""

    Settings = DashboardSettings

    def __init__(self, name: str, settings: DashboardSettings) -> None:
        super().__init__(name, settings)
        self._desk: DeskNamespace | None = None

    @hookimpl
    def register_routes(self, app: App) -> Iterable[BaseRoute]:
        """Bring the pages and what they read. Raises `PluginError` where the desk's page is not built."""
        pages = Pages(app, self.settings)
        sessions = Sessions(app, self.settings)
        doors = Doors(sessions, pages)
        sign_in = SignIn(app, sessions, pages, self._session_ended)
        settings = SettingsPage(app, pages)
        api, media, export = Api(app), Media(app), Export(app)
        views, guests, actions, sending = Views(app), Guests(app), PluginActions(app), Sending(app)
        canned, numbers = Canned(app, pages), NumbersPage(app, pages)
        audit, people = AuditPage(app, pages), PeoplePage(app, pages)
        return [
            Route("/", sign_in.root),
            Route("/login", sign_in.show, methods=["GET"]),
            Route("/login", sign_in.sign_in, methods=["POST"]),
            Route("/logout", sign_in.sign_out, methods=["POST"]),
            Route("/language", choose, methods=["POST"]),
            Route("/dashboard", doors.page(pages.desk)),
            Route("/get_conversations", doors.api(api.conversations)),
            Route("/get_messages", doors.api(api.messages)),
            Route("/get_view", doors.api(views.view)),
            Route("/get_counts", doors.api(views.counts)),
            Route("/get_labels", doors.api(views.labels)),
            Route("/get_people", doors.api(views.people)),
            Route("/get_guest", doors.api(guests.guest)),
            Route("/get_turn", doors.api(guests.turn)),
            Route("/get_scheduled", doors.api(guests.scheduled)),
            Route("/get_templates", doors.api(guests.templates)),
            Route("/get_actions", doors.api(actions.names)),
            Route("/actions/{name}", doors.api(actions.act), methods=["POST"]),
            Route("/send_files", doors.api(sending.files), methods=["POST"]),
            Route("/get_canned", doors.api(canned.replies)),
            Route("/canned", doors.page(canned.show, leads), methods=["GET"]),
            Route("/canned", doors.page(canned.save, leads), methods=["POST"]),
            Route("/canned/{id}", doors.api(canned.remove, leads), methods=["DELETE"]),
            Route("/export_messages", doors.api(export.messages)),
            Route("/numbers", doors.page(numbers.show, leads)),
            Route("/get_numbers", doors.api(numbers.data, leads)),
            Route("/numbers.csv", doors.page(numbers.csv, leads)),
            Route("/audit", doors.page(audit.show, leads)),
            Route("/audit.csv", doors.page(audit.csv, leads)),
            Route("/people", doors.page(people.show, admins), methods=["GET"]),
            Route("/people", doors.page(people.change, admins), methods=["POST"]),
            Route("/settings", doors.page(settings.show, admins, SETTINGS_FORBIDDEN), methods=["GET"]),
            Route("/settings", doors.page(settings.change, admins, SETTINGS_FORBIDDEN), methods=["POST"]),
            Route("/media/{message_id}/{position:int}", doors.api(media.show)),
            Mount(STATIC, PageFiles(pages.files)),
        ]

    @hookimpl
    def register_namespaces(self, app: App) -> Iterable[AsyncNamespace]:
        """Bring the desk's namespace."""
        self._desk = DeskNamespace(app, Sessions(app, self.settings))
        return [self._desk]

    @hookimpl
    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """Watch over the open desks: their sessions and their presence."""
        return self._watching()

    @hookimpl
    async def on_event(self, app: App, event: Event) -> None:
        """Tell the desks of the event's hotel."""
        await app.emit(event.name.value, event.payload, room=room_of(event.hotel))

    def _session_ended(self, token: str) -> None:
        if self._desk is not None:
            self._desk.session_ended(token)

    @contextlib.asynccontextmanager
    async def _watching(self) -> AsyncIterator[None]:
        watch = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
            if self._desk is not None:
                await self._desk.presence.close()

    async def _watch(self) -> None:
        renewed = time.monotonic()
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if self._desk is None:
                continue
            try:
                await self._desk.check_sessions()
                if time.monotonic() - renewed >= RENEW_SECONDS:
                    renewed = time.monotonic()
                    await self._desk.presence.renew()
            except Exception as error:
                log.warning("watch over the desks failed", error=type(error).__name__)
