"""The plugin: its settings, and the hooks that bring the channel and its webhooks into an app."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.routing import BaseRoute

from innbox import Channel, InnboxError, Plugin, PluginError, hookimpl
from innbox_whatsapp_twilio.api import Refusal, TwilioApi
from innbox_whatsapp_twilio.channel import WhatsAppChannel
from innbox_whatsapp_twilio.console import look
from innbox_whatsapp_twilio.errors import failure_of
from innbox_whatsapp_twilio.media import MediaDownloads
from innbox_whatsapp_twilio.settings import WhatsAppTwilioSettings
from innbox_whatsapp_twilio.webhooks import MESSAGE_PATH, Webhooks

if TYPE_CHECKING:
    from innbox import App

CONSOLE_STEPS = "The steps in the console are in docs/running.md, section 5."


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
        """Ask Twilio for the account, and look whether its console sends guests' messages to us."""
        webhook = app.config.public_url.rstrip("/") + MESSAGE_PATH
        settings = self.settings
        try:
            async with TwilioApi(settings) as api:
                status = await api.account_status()
                if status != "active":
                    raise PluginError(f"Twilio's account is {status}; it must be active to send. See Twilio's console.")
                if urlsplit(webhook).scheme != "https":
                    raise PluginError(
                        f"Twilio answers, but the webhook {webhook} is not https: set public_url to https://…"
                    )
                seen = await look(api, settings.numbers, settings.messaging_service_sid, webhook)
        except Refusal as refusal:
            raise PluginError(failure_of(refusal.code or refusal.status).text + f" ({refusal})") from refusal
        except PluginError:
            raise
        except InnboxError as error:
            raise PluginError(f"{error} Check api_base_url ({settings.api_base_url}) and the network.") from error
        if seen.faults:
            raise PluginError(f"In Twilio's console: {'; '.join(seen.faults)}. {CONSOLE_STEPS}")
        line = f"Twilio answers for {settings.account_sid}, account active; webhook {webhook}"
        if seen.untold:
            return f"{line}; its API does not tell where messages to {', '.join(seen.untold)} go. {CONSOLE_STEPS}"
        return f"{line}, fallback set"
