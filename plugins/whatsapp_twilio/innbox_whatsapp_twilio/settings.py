"""What may stand under `whatsapp_twilio` in the YAML."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from innbox import PluginSettings

TWILIO_API = "https://api.twilio.com"
TWILIO_ORIGINS = (TWILIO_API, "https://content.twilio.com", "https://messaging.twilio.com")

_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")


class WhatsAppTwilioSettings(PluginSettings):
    """The settings of the WhatsApp channel."""

    account_sid: str = Field(min_length=1, description="The Twilio account, as the console shows it (AC…).")
    auth_token: SecretStr = Field(
        min_length=1, description="The account's auth token; it also proves Twilio's webhooks."
    )
    numbers: dict[str, str] = Field(
        min_length=1,
        description="The hotels' WhatsApp numbers: +E164 number, then the hotel's key. A hotel with several numbers"
        " writes from the first.",
    )
    api_base_url: str = Field(
        default=TWILIO_API, description="Where Twilio's API is; only tests and bench runs need another."
    )
    messaging_service_sid: str | None = Field(
        default=None, description="A Messaging Service to send through (MG…); the hotel's number must be in its pool."
    )
    timeout_seconds: float = Field(
        default=5.0, gt=0, le=60, description="Seconds that one call to Twilio may take, from first to last byte."
    )
    status_callbacks: bool = Field(
        default=True,
        description="Whether Twilio tells us what became of each message; needs a public_url it can reach.",
    )

    @field_validator("numbers")
    @classmethod
    def _e164(cls, numbers: dict[str, str]) -> dict[str, str]:
        for number in numbers:
            if not _NUMBER.fullmatch(number):
                raise ValueError(f'{number!r} is no phone number; write it as "+14155238886", in quotes')
        return numbers

    @field_validator("numbers")
    @classmethod
    def _of_hotels(cls, numbers: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        hotels = (info.context or {}).get("hotels", ())
        for number, hotel in numbers.items():
            if hotels and hotel not in hotels:
                raise ValueError(f"{number} belongs to {hotel!r}, which is no hotel; there is {', '.join(hotels)}")
        return numbers

    @field_validator("api_base_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ValueError(f"must be an address such as {TWILIO_API}")
        return value.rstrip("/")

    @property
    def origins(self) -> Mapping[str, str]:
        """Twilio's own origins and what is asked in their place: `api_base_url`, where it is another, for all."""
        elsewhere = self.api_base_url != TWILIO_API
        return {origin: self.api_base_url if elsewhere else origin for origin in TWILIO_ORIGINS}

    def number_of(self, hotel: str) -> str | None:
        """Return the number that a hotel writes from, or None where it has none."""
        return next((number for number, slug in self.numbers.items() if slug == hotel), None)
