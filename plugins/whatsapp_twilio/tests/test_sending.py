"""From an outgoing message to Twilio's fields."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from innbox import (
    Address,
    Attachment,
    InnboxError,
    Outgoing,
    Rejected,
    SendOutcome,
    Template,
    TryLater,
    Uncertain,
    now,
)
from innbox_whatsapp_twilio.api import Refusal
from innbox_whatsapp_twilio.http_client import NotAnswered, NotReached
from innbox_whatsapp_twilio.sending import fields_of, outcome_of_error, refused_here
from innbox_whatsapp_twilio.settings import WhatsAppTwilioSettings

SETTINGS = WhatsAppTwilioSettings.model_validate(
    {"account_sid": "AC1", "auth_token": "secret", "numbers": {"+14155238886": "miramar"}}
)
SITE = "https://inbox.hotel.example"
HELLO = Outgoing("m1", "c1", "miramar", Address("whatsapp", "+351911222333"), "Hello", 1, now())


def test_a_text() -> None:
    assert fields_of(HELLO, "+14155238886", SITE, SETTINGS) == {
        "to": "whatsapp:+351911222333",
        "from_": "whatsapp:+14155238886",
        "body": "Hello",
        "status_callback": f"{SITE}/whatsapp/status?message=m1",
    }


def test_a_template_leaves_without_text() -> None:
    template = replace(HELLO, template=Template("HX1", {"1": "Ana", "2": "Ç"}))

    fields = fields_of(template, "+14155238886", SITE, SETTINGS)

    assert fields["content_sid"] == "HX1"
    assert json.loads(fields["content_variables"]) == {"1": "Ana", "2": "Ç"}
    assert "body" not in fields


def test_files_and_places() -> None:
    attachments = (
        Attachment("image", url="/media/m1/0"),
        Attachment("file", url="https://cdn.example/menu.pdf"),
        Attachment("location", latitude=38.7, longitude=-9.1, label="Hotel"),
    )

    fields = fields_of(replace(HELLO, attachments=attachments), "+14155238886", SITE, SETTINGS)

    assert fields["media_url"] == [f"{SITE}/media/m1/0", "https://cdn.example/menu.pdf"]
    assert fields["persistent_action"] == ["geo:38.7,-9.1|Hotel"]


def test_a_messaging_service_and_no_callbacks() -> None:
    settings = SETTINGS.model_copy(update={"messaging_service_sid": "MG1", "status_callbacks": False})

    fields = fields_of(HELLO, "+14155238886", SITE, settings)

    assert fields["messaging_service_sid"] == "MG1"
    assert fields["from_"] == "whatsapp:+14155238886"
    assert "status_callback" not in fields


def test_free_text_is_refused_outside_the_window_and_a_template_is_not() -> None:
    late = replace(HELLO, window_closes_at=now() - timedelta(seconds=1))

    refused = refused_here(late)

    assert refused is not None
    assert refused.failure.code == "63016"
    assert refused_here(replace(late, template=Template("HX1"))) is None
    assert refused_here(replace(late, window_closes_at=now() + timedelta(hours=1))) is None
    assert refused_here(HELLO) is None


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (NotReached("x"), TryLater, "not_reached"),
        (NotAnswered("x"), Uncertain, "no_answer"),
        (Refusal(429, 20429), TryLater, "20429"),
        (Refusal(400, 63018), TryLater, "63018"),
        (Refusal(400, 21211), Rejected, "21211"),
        (Refusal(403, None), Rejected, "403"),
        (Refusal(500, 20500), Uncertain, "20500"),
    ],
)
def test_what_an_error_means(error: InnboxError, outcome: type[SendOutcome], code: str) -> None:
    found = outcome_of_error(error)

    assert isinstance(found, outcome)
    assert isinstance(found, TryLater | Rejected | Uncertain)
    assert found.failure.code == code
