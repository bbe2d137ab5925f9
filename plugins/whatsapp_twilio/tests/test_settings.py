"""What may stand under `whatsapp_twilio`."""

from typing import Any

import pytest
from pydantic import ValidationError

from innbox_whatsapp_twilio.settings import WhatsAppTwilioSettings

RIGHT: dict[str, Any] = {"account_sid": "AC1", "auth_token": "secret", "numbers": {"+14155238886": "miramar"}}


def test_the_least_that_is_needed() -> None:
    settings = WhatsAppTwilioSettings.model_validate(RIGHT)

    assert settings.api_base_url == "https://api.twilio.com"
    assert settings.timeout_seconds == 5
    assert "secret" not in repr(settings)


def test_a_hotel_writes_from_its_first_number() -> None:
    numbers = {"+14155238886": "miramar", "+351211222333": "miramar", "+351211222444": "serra"}
    settings = WhatsAppTwilioSettings.model_validate({**RIGHT, "numbers": numbers})

    assert settings.number_of("miramar") == "+14155238886"
    assert settings.number_of("serra") == "+351211222444"
    assert settings.number_of("closed") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"numbers": {}},
        {"numbers": {"14155238886": "miramar"}},
        {"numbers": {"whatsapp:+14155238886": "miramar"}},
        {"auth_token": ""},
        {"account_sid": ""},
        {"timeout_seconds": 0},
        {"timeout_seconds": 1000},
        {"api_base_url": "api.twilio.com"},
        {"api_base_url": "ftp://api.twilio.com"},
        {"sandbox": True},
    ],
)
def test_what_is_wrong_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WhatsAppTwilioSettings.model_validate({**RIGHT, **wrong})


def test_a_number_without_plus_is_refused_with_the_fix() -> None:
    with pytest.raises(ValidationError, match=r'write it as "\+14155238886"'):
        WhatsAppTwilioSettings.model_validate({**RIGHT, "numbers": {"4155238886": "miramar"}})


def test_every_setting_is_described() -> None:
    assert all(field.description for field in WhatsAppTwilioSettings.model_fields.values())
