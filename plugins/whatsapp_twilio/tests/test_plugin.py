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


# what the console must say

WEBHOOK = "https://inbox.hotel.example/whatsapp"
ELSEWHERE = "https://old.example/sms"


async def test_the_live_check_says_that_the_console_is_as_it_should_be(
    plugin: WhatsAppTwilio, app: Any, twilio: TwilioWire
) -> None:
    twilio.register_sender(callback_url=WEBHOOK, fallback_url=f"{WEBHOOK}#rc=2&rp=all")

    assert (await plugin.check_live(app)).endswith("fallback set")


@pytest.mark.parametrize(
    ("webhook", "fault"),
    [
        ({"callback_url": ELSEWHERE}, rf"webhook URL for incoming messages of sender \+14155238886 is {ELSEWHERE}"),
        ({"callback_url": None}, "webhook URL for incoming messages of sender .* is not set"),
        ({"callback_method": "GET"}, f"is {WEBHOOK} with GET, and should be {WEBHOOK} with POST"),
        ({"fallback_url": None}, "the fallback URL of sender .* is not set"),
        ({"fallback_url": ELSEWHERE}, f"the fallback URL of sender .* is {ELSEWHERE}"),
        ({"status": "OFFLINE"}, r"sender \+14155238886 is offline"),
    ],
)
async def test_the_live_check_names_what_is_wrong_in_the_console(
    plugin: WhatsAppTwilio, app: Any, twilio: TwilioWire, webhook: dict[str, str], fault: str
) -> None:
    twilio.register_sender(**{"callback_url": WEBHOOK, "fallback_url": WEBHOOK, **webhook})

    with pytest.raises(PluginError, match=fault) as raised:
        await plugin.check_live(app)

    assert "docs/running.md, section 5" in str(raised.value)


async def test_the_live_check_says_of_which_number_the_api_tells_nothing(
    plugin: WhatsAppTwilio, app: Any, twilio: TwilioWire
) -> None:
    twilio.register_sender("+351211234567", callback_url=ELSEWHERE)

    line = await plugin.check_live(app)

    assert "does not tell where messages to +14155238886 go" in line
    assert "docs/running.md, section 5" in line


@pytest.mark.parametrize("defers", [False, True])
async def test_a_messaging_services_webhooks_count_unless_it_defers_to_its_senders(
    settings: WhatsAppTwilioSettings, app: Any, twilio: TwilioWire, defers: bool
) -> None:
    twilio.register_sender(callback_url=WEBHOOK, fallback_url=WEBHOOK)
    twilio.services["MG1"] = {"inbound_request_url": ELSEWHERE, "use_inbound_webhook_on_number": defers}
    through = WhatsAppTwilioSettings.model_validate({**settings.model_dump(), "messaging_service_sid": "MG1"})
    plugin = WhatsAppTwilio("whatsapp_twilio", through)

    if defers:
        assert "fallback set" in await plugin.check_live(app)
    else:
        with pytest.raises(PluginError, match=f"Messaging Service MG1 is {ELSEWHERE}"):
            await plugin.check_live(app)


async def test_a_messaging_service_that_is_not_there_is_named(
    settings: WhatsAppTwilioSettings, app: Any, twilio: TwilioWire
) -> None:
    through = WhatsAppTwilioSettings.model_validate({**settings.model_dump(), "messaging_service_sid": "MG1"})

    with pytest.raises(PluginError, match="20404"):
        await WhatsAppTwilio("whatsapp_twilio", through).check_live(app)
