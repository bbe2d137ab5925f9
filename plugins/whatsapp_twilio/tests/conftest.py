"""What the tests of the WhatsApp channel share: a stand-in for Twilio, and an app that remembers what it was told."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from innbox import Inbound, StatusReport, StoreUnavailable
from innbox.testing.twilio_wire import HOTEL_NUMBER, TwilioWire
from innbox_whatsapp_twilio import WhatsAppTwilio
from innbox_whatsapp_twilio.channel import WhatsAppChannel
from innbox_whatsapp_twilio.settings import WhatsAppTwilioSettings

PUBLIC_URL = "https://inbox.hotel.example"


@dataclass
class FakeMetrics:
    """Counters as lists."""

    rejected: list[tuple[str, str]] = field(default_factory=list)

    def webhook_rejected(self, channel: str, reason: str) -> None:
        self.rejected.append((channel, reason))


@dataclass
class FakeApp:
    """As much of the app as the plugin uses."""

    config: Any = field(default_factory=lambda: SimpleNamespace(public_url=PUBLIC_URL))
    hotels: Mapping[str, Any] = field(default_factory=lambda: {"miramar": object()})
    metrics: FakeMetrics = field(default_factory=FakeMetrics)
    ingested: list[Inbound] = field(default_factory=list)
    kept_aside: list[tuple[str, str, Mapping[str, Any], str]] = field(default_factory=list)
    reports: list[StatusReport] = field(default_factory=list)
    store_down: bool = False

    async def ingest(self, inbound: Inbound) -> None:
        self._check_store()
        self.ingested.append(inbound)

    async def keep_aside(self, channel: str, provider_id: str, raw: Mapping[str, Any], reason: str) -> None:
        self._check_store()
        self.kept_aside.append((channel, provider_id, raw, reason))

    async def report_status(self, report: StatusReport) -> None:
        self._check_store()
        self.reports.append(report)

    def _check_store(self) -> None:
        if self.store_down:
            raise StoreUnavailable("The store does not answer.")


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioWire]:
    async with TwilioWire(callbacks=False) as wire:
        yield wire


@pytest.fixture
def settings(twilio: TwilioWire) -> WhatsAppTwilioSettings:
    return WhatsAppTwilioSettings.model_validate(
        {
            "account_sid": twilio.account_sid,
            "auth_token": twilio.auth_token,
            "api_base_url": twilio.url,
            "numbers": {HOTEL_NUMBER: "miramar"},
            "timeout_seconds": 1,
        }
    )


@pytest.fixture
def app() -> FakeApp:
    return FakeApp()


@pytest.fixture
def plugin(settings: WhatsAppTwilioSettings) -> WhatsAppTwilio:
    return WhatsAppTwilio("whatsapp_twilio", settings)


@pytest.fixture
async def channel(plugin: WhatsAppTwilio, app: Any) -> AsyncIterator[WhatsAppChannel]:
    (found,) = plugin.register_channels(app)
    assert isinstance(found, WhatsAppChannel)
    async with plugin.lifespan():
        yield found


@pytest.fixture
async def web(plugin: WhatsAppTwilio, app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A browser-less client of the plugin's routes."""
    site = Starlette(routes=list(plugin.register_routes(app)))
    transport = httpx.ASGITransport(app=site, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://web.internal") as client:
        yield client
