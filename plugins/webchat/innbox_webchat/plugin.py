"""The plugin: the channel, the page and the socket, put together from the settings."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from socketio import AsyncNamespace
from starlette.routing import BaseRoute

from innbox import App, Channel, Plugin, hookimpl
from innbox_webchat.channel import WebChatChannel
from innbox_webchat.limits import Limits
from innbox_webchat.namespace import GuestNamespace
from innbox_webchat.pages import Pages
from innbox_webchat.settings import WebChatSettings
from innbox_webchat.tokens import Tokens

STATIC = Path(__file__).parent / "static"


class WebChat(Plugin[WebChatSettings]):
    """A chat on the hotel's own pages, and a bubble for its site."""

    Settings = WebChatSettings

    def __init__(self, name: str, settings: WebChatSettings, static: Path = STATIC) -> None:
        """`static` is the folder of the page's files, with the built bundle in `build`."""
        super().__init__(name, settings)
        self._static = static

    @hookimpl
    def register_channels(self, app: App) -> Iterable[Channel]:
        return [WebChatChannel(app)]

    @hookimpl
    def register_routes(self, app: App) -> Iterable[BaseRoute]:
        """Raises `PluginError` where the page is not built."""
        return Pages(app, self.settings, self._static).routes()

    @hookimpl
    def register_namespaces(self, app: App) -> Iterable[AsyncNamespace]:
        tokens = Tokens(app.signer("webchat"), timedelta(days=self.settings.token_days))
        return [GuestNamespace(app, self.settings, tokens, Limits(app, self.settings))]
