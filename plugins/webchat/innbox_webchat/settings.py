"""What may stand under `webchat:` in the YAML."""

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from innbox import PluginSettings


class WebChatSettings(PluginSettings):
    """The web chat's settings; each has a default that suits a small hotel."""

    message_max_chars: int = Field(
        default=2000, ge=1, le=4000, description="How many characters a guest's message may have."
    )
    messages_per_minute: int = Field(default=20, ge=1, description="How many messages one guest may send in a minute.")
    messages_per_minute_per_address: int = Field(
        default=300, ge=1, description="The same for one network address; guests on the hotel's Wi-Fi share one."
    )
    new_guests_per_hour_per_address: int = Field(
        default=300, ge=1, description="How many new guests one network address may bring in an hour."
    )
    history: int = Field(
        default=50, ge=1, le=200, description="How many of the newest messages a returning guest sees."
    )
    token_days: int = Field(
        default=90, ge=1, description="For how many days after the last visit a guest finds the conversation again."
    )
    allowed_origins: tuple[str, ...] = Field(
        default=(),
        description="Sites that may embed the chat, as `https://www.example.com`. The chat's own site always may.",
    )

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_origin(origin) for origin in origins)


def _origin(text: str) -> str:
    """Return an origin in the form that a content security policy takes; raise ValueError where it is none."""
    wrong = ValueError(f"{text!r} is not an origin; write scheme and host only, as https://www.example.com")
    if not text.isascii() or any(character in text for character in " ;,'\"*\\\t\r\n"):
        raise wrong
    parts = urlsplit(text.removesuffix("/"))
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise wrong
    if parts.path or parts.query or parts.fragment:
        raise wrong
    return f"{parts.scheme}://{parts.netloc.lower()}"
