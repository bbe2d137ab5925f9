"""From Twilio's fields to a guest's message."""

import json

import pytest

from innbox import Address
from innbox.testing.twilio_wire import inbound_form
from innbox_whatsapp_twilio.inbound import handle_in, handles_in, inbound_of, kind_of


def test_a_plain_message() -> None:
    inbound = inbound_of(inbound_form("Hello", name=" Ana "), "miramar")

    assert inbound.address == Address("whatsapp", "+351911222333")
    assert inbound.text == "Hello"
    assert inbound.guest_name == "Ana"
    assert inbound.attachments == ()
    assert inbound.aliases == ()
    assert dict(inbound.meta) == {}
    json.dumps(dict(inbound.raw))


def test_files_wait_to_be_fetched() -> None:
    media = [("https://api.twilio.com/a", "image/jpeg"), ("https://api.twilio.com/b", "application/pdf")]

    first, second = inbound_of(inbound_form(media=media), "miramar").attachments

    assert (first.kind, first.content_type, first.state) == ("image", "image/jpeg", "fetching")
    assert first.source == "https://api.twilio.com/a"
    assert first.url is None
    assert second.kind == "file"


def test_ten_files_at_most() -> None:
    more = {f"MediaUrl{number}": f"https://api.twilio.com/{number}" for number in range(30)}

    assert len(inbound_of({**inbound_form(NumMedia="999"), **more}, "miramar").attachments) == 10
    assert inbound_of({**inbound_form(NumMedia="-1"), **more}, "miramar").attachments == ()


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [("image/png", "image"), ("AUDIO/ogg", "audio"), ("video/mp4", "video"), ("text/html", "file"), ("", "file")],
)
def test_kinds(content_type: str, kind: str) -> None:
    assert kind_of(content_type) == kind


def test_a_place() -> None:
    form = inbound_form(Latitude="38.7223", Longitude="-9.1393", Label="Hotel", Address="Rua 1")

    (place,) = inbound_of(form, "miramar").attachments

    assert (place.kind, place.latitude, place.longitude) == ("location", 38.7223, -9.1393)
    assert (place.label, place.address) == ("Hotel", "Rua 1")


@pytest.mark.parametrize("value", ["NaN", "1e999", "-inf", "181", "north", "", "0x10"])
def test_degrees_that_are_none_are_left_out(value: str) -> None:
    (place,) = inbound_of(inbound_form(Latitude="1", Longitude=value), "miramar").attachments

    assert place.latitude == 1.0
    assert place.longitude is None


def test_a_button_an_answered_message_and_an_advertisement_travel_along() -> None:
    form = inbound_form(
        "",
        ButtonText="Yes",
        ButtonPayload="confirm-1",
        OriginalRepliedMessageSid="SM1",
        ReferralSourceUrl="https://fb.example/ad",
        ReferralHeadline="Summer",
    )

    inbound = inbound_of(form, "miramar")

    assert inbound.text == "Yes"
    assert dict(inbound.meta) == {
        "button": {"text": "Yes", "payload": "confirm-1"},
        "reply_to": "SM1",
        "referral": {"source_url": "https://fb.example/ad", "headline": "Summer"},
    }


def test_a_phone_comes_first_and_the_user_id_beside_it_is_an_alias() -> None:
    assert handles_in(inbound_form(ExternalUserId="PT.1349")) == ("+351911222333", "PT.1349")
    assert handles_in(inbound_form(ExternalUserIdentifier="whatsapp:PT.1349")) == ("+351911222333", "PT.1349")


def test_without_a_phone_the_user_id_is_the_handle() -> None:
    assert handles_in(inbound_form(sender="PT.1349")) == ("PT.1349",)
    assert handles_in(inbound_form(sender="PT.1349", ExternalUserId="PT.1349")) == ("PT.1349",)
    assert handles_in(inbound_form(sender="", ExternalUserId="PT.1349")) == ("PT.1349",)


def test_a_phone_known_beside_a_user_id_is_an_alias() -> None:
    inbound = inbound_of(inbound_form(sender="PT.1349", WaId="351911222333"), "miramar")

    assert inbound.address == Address("whatsapp", "PT.1349")
    assert inbound.aliases == (Address("whatsapp", "+351911222333"),)


def test_a_broken_user_id_is_ignored() -> None:
    assert handles_in(inbound_form(ExternalUserId="\x00 x")) == ("+351911222333",)


@pytest.mark.parametrize(
    "address", [None, "", "+351911222333", "whatsapp:", "whatsapp:+", "whatsapp:-x", "WHATSAPP:+1"]
)
def test_what_is_no_address_has_no_handle(address: str | None) -> None:
    assert handle_in(address) is None
