"""The plugin and its hooks."""

from types import SimpleNamespace
from typing import Any

import pytest

from innbox import FetchesMedia, FetchesMissed, FindsSent, PluginError
from innbox.testing.twilio_wire import TwilioWire
from innbox_whatsapp_twilio import WhatsAppTwilio
from innbox_whatsapp_twilio.settings import WhatsAppTwilioSettings


async def test_it_brings_one_channel_that_can_do_all_that_channels_can(channel: Any) -> None:
    assert channel.name == "whatsapp"
    assert isinstance(channel, FindsSent)
    assert isinstance(channel, FetchesMissed)
    assert isinstance(channel, FetchesMedia)


def test_a_number_of_no_hotel_is_an_error_that_names_both(plugin: WhatsAppTwilio, app: Any) -> None:
    app.hotels = {"serra": object()}

    with pytest.raises(PluginError, match=r"\+14155238886 belongs to 'miramar', which is no hotel; there is serra"):
        plugin.register_channels(app)


async def test_the_live_check_says_what_answered(plugin: WhatsAppTwilio, app: Any, twilio: TwilioWire) -> None:
    line = await plugin.check_live(app)

    assert twilio.account_sid in line
    assert "https://inbox.hotel.example/whatsapp" in line


async def test_the_live_check_names_a_wrong_token(app: Any, settings: WhatsAppTwilioSettings) -> None:
    wrong = WhatsAppTwilioSettings.model_validate({**settings.model_dump(), "auth_token": "wrong"})

    with pytest.raises(PluginError, match="does not accept our account SID and auth token"):
        await WhatsAppTwilio("whatsapp_twilio", wrong).check_live(app)


async def test_the_live_check_names_a_suspended_account(plugin: WhatsAppTwilio, app: Any, twilio: TwilioWire) -> None:
    twilio.account_status = "suspended"

    with pytest.raises(PluginError, match="account is suspended"):
        await plugin.check_live(app)


async def test_the_live_check_wants_https(plugin: WhatsAppTwilio, app: Any) -> None:
    app.config = SimpleNamespace(public_url="http://127.0.0.1:8000")

    with pytest.raises(PluginError, match="set public_url to https"):
        await plugin.check_live(app)


async def test_the_live_check_names_an_unreachable_api(plugin: WhatsAppTwilio, app: Any, twilio: TwilioWire) -> None:
    await twilio.stop()

    with pytest.raises(PluginError, match="Check api_base_url"):
        await plugin.check_live(app)
