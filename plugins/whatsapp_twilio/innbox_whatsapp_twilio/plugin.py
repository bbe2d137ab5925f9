"""The plugin: its settings, and the hooks that bring the channel and its webhooks into an app."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.routing import BaseRoute

from innbox import Channel, InnboxError, Plugin, PluginError, hookimpl
from innbox_whatsapp_twilio.api import Refusal, TwilioApi
from innbox_whatsapp_twilio.channel import WhatsAppChannel
from innbox_whatsapp_twilio.errors import failure_of
from innbox_whatsapp_twilio.media import MediaDownloads
from innbox_whatsapp_twilio.settings import WhatsAppTwilioSettings
from innbox_whatsapp_twilio.webhooks import MESSAGE_PATH, Webhooks

if TYPE_CHECKING:
    from innbox import App


class WhatsAppTwilio(Plugin[WhatsAppTwilioSettings]):
    """WhatsApp through Twilio: the channel `whatsapp`, its webhook and its status callback."""

    Settings = WhatsAppTwilioSettings

    def __init__(self, name: str, settings: WhatsAppTwilioSettings) -> None:
        super().__init__(name, settings)
        self._api = TwilioApi(settings)
        self._downloads = MediaDownloads(settings)

    @hookimpl
    def register_channels(self, app: "App") -> Iterable[Channel]:
        """Offer the channel; raises `PluginError` for a number of a hotel that there is not."""
        for number, hotel in self.settings.numbers.items():
            if hotel not in app.hotels:
                known = ", ".join(sorted(app.hotels))
                raise PluginError(
                    f"plugin {self.name}: numbers: {number} belongs to {hotel!r}, which is no hotel; there is {known}"
                )
        return [WhatsAppChannel(self.settings, self._api, self._downloads, app.config.public_url)]

    @hookimpl
    def register_routes(self, app: "App") -> Iterable[BaseRoute]:
        """Offer `POST /whatsapp` and `POST /whatsapp/status`."""
        return Webhooks(app, self.settings).routes()

    @hookimpl
    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Keep the connections to Twilio open."""
        async with self._api, self._downloads:
            yield

    @hookimpl
    async def check_live(self, app: "App") -> str:
        """Ask Twilio for the account, and look whether it can reach us."""
        try:
            async with TwilioApi(self.settings) as api:
                status = await api.account_status()
        except Refusal as refusal:
            raise PluginError(failure_of(refusal.code or refusal.status).text + f" ({refusal})") from refusal
        except InnboxError as error:
            raise PluginError(f"{error} Check api_base_url ({self.settings.api_base_url}) and the network.") from error
        if status != "active":
            raise PluginError(f"Twilio's account is {status}; it must be active to send. See Twilio's console.")
        webhook = app.config.public_url.rstrip("/") + MESSAGE_PATH
        if urlsplit(webhook).scheme != "https":
            raise PluginError(f"Twilio answers, but the webhook {webhook} is not https: set public_url to https://…")
        return f"Twilio answers for {self.settings.account_sid}, account active; webhook {webhook}"
