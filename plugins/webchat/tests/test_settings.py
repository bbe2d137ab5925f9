"""The web chat's settings."""

import pytest
from pydantic import ValidationError

from innbox_webchat import WebChatSettings


def test_the_defaults_need_nothing() -> None:
    settings = WebChatSettings()

    assert settings.message_max_chars == 2000
    assert settings.allowed_origins == ()


def test_origins_are_brought_into_one_form() -> None:
    settings = WebChatSettings(allowed_origins=("https://WWW.example.com/", "http://localhost:8080"))

    assert settings.allowed_origins == ("https://www.example.com", "http://localhost:8080")


@pytest.mark.parametrize(
    "origin",
    [
        "www.example.com",
        "https://",
        "https://www.example.com/rooms",
        "https://example.com?x=1",
        "https://user@example.com",
        "https://*.example.com",
        "https://example.com; script-src *",
        "javascript:alert(1)",
        "",
    ],
)
def test_what_is_no_origin_is_refused_with_an_example(origin: str) -> None:
    with pytest.raises(ValidationError, match=r"as https://www\.example\.com"):
        WebChatSettings(allowed_origins=(origin,))


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError):
        WebChatSettings.model_validate({"colour": "red"})
