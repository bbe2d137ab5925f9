"""The channel at work against the stand-in for Twilio, beyond what the contract of channels asks."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from innbox import (
    Absent,
    Address,
    InnboxError,
    Outgoing,
    Rejected,
    Sent,
    Template,
    TryLater,
    Uncertain,
    new_id,
    now,
)
from innbox.testing.twilio_wire import GUEST_NUMBER, HOTEL_NUMBER, TwilioWire, WireMedia
from innbox_whatsapp_twilio import channel as channel_module
from innbox_whatsapp_twilio.channel import WhatsAppChannel


def outgoing(text: str = "Hello", **changed: Any) -> Outgoing:
    message = Outgoing(new_id(), new_id(), "miramar", Address("whatsapp", GUEST_NUMBER), text, 1, now())
    return replace(message, **changed)


# sending


async def test_what_twilio_is_posted(channel: WhatsAppChannel, twilio: TwilioWire) -> None:
    message = outgoing("Bom dia & até já + 🙂")

    outcome = await channel.send(message)

    (sent,) = twilio.messages
    assert outcome == Sent(sent.sid)
    assert sent.form == {
        "To": f"whatsapp:{GUEST_NUMBER}",
        "From": f"whatsapp:{HOTEL_NUMBER}",
        "Body": "Bom dia & até já + 🙂",
        "StatusCallback": f"https://inbox.hotel.example/whatsapp/status?message={message.message_id}",
    }


async def test_a_guest_without_a_phone_is_written_to_by_user_id(channel: WhatsAppChannel, twilio: TwilioWire) -> None:
    await channel.send(outgoing(address=Address("whatsapp", "PT.13491208655302741918")))

    assert twilio.messages[0].to == "whatsapp:PT.13491208655302741918"


async def test_a_template(channel: WhatsAppChannel, twilio: TwilioWire) -> None:
    late = now() - timedelta(days=3)

    outcome = await channel.send(outgoing("", template=Template("HX1", {"1": "Ana"}), window_closes_at=late))

    assert isinstance(outcome, Sent)
    assert twilio.messages[0].form["ContentSid"] == "HX1"
    assert twilio.messages[0].form["ContentVariables"] == '{"1": "Ana"}'


async def test_outside_the_window_twilio_is_not_even_asked(channel: WhatsAppChannel, twilio: TwilioWire) -> None:
    outcome = await channel.send(outgoing(window_closes_at=now() - timedelta(minutes=1)))

    assert isinstance(outcome, Rejected)
    assert outcome.failure.code == "63016"
    assert twilio.requests == []


async def test_a_hotel_without_a_number_cannot_send(channel: WhatsAppChannel, twilio: TwilioWire) -> None:
    assert isinstance(await channel.send(outgoing(hotel="closed")), Rejected)
    assert twilio.requests == []


@pytest.mark.parametrize(
    ("fault", "outcome", "code", "taken"),
    [
        ("429", TryLater, "20429", 0),
        ("63018", TryLater, "63018", 0),
        ("500", Uncertain, "20500", 0),
        ("503", Uncertain, "20500", 0),
        ("drop", Uncertain, "no_answer", 0),
        ("accept_then_drop", Uncertain, "no_answer", 1),
        ("garbage", Uncertain, "no_answer", 1),
        ("timeout", Uncertain, "no_answer", 0),
        ("21211", Rejected, "21211", 0),
    ],
)
async def test_each_fault_is_one_attempt_with_its_outcome(
    channel: WhatsAppChannel, twilio: TwilioWire, fault: str, outcome: type, code: str, taken: int
) -> None:
    twilio.fail(fault)
    began = time.monotonic()

    found = await channel.send(outgoing())

    assert time.monotonic() - began < 2.5  # timeout_seconds is 1
    assert isinstance(found, outcome)
    assert isinstance(found, TryLater | Rejected | Uncertain)
    assert found.failure.code == code
    assert len(twilio.requests) == 1
    assert len(twilio.messages) == taken


async def test_too_long_a_text_is_rejected_in_plain_words(channel: WhatsAppChannel) -> None:
    found = await channel.send(outgoing("x" * 1601))

    assert isinstance(found, Rejected)
    assert "1,600 characters" in found.failure.text


async def test_a_text_that_is_no_unicode_still_leaves(channel: WhatsAppChannel, twilio: TwilioWire) -> None:
    assert isinstance(await channel.send(outgoing("a\ud800b")), Sent)
    assert twilio.messages[0].body == "a?b"


# asking about a sent message


async def test_an_ambiguous_send_is_found_and_not_repeated(channel: WhatsAppChannel, twilio: TwilioWire) -> None:
    message = outgoing()
    twilio.fail("accept_then_drop", times=1)
    assert isinstance(await channel.send(message), Uncertain)

    found = await channel.find_sent(message)

    assert isinstance(found, Sent)
    assert found.provider_id == twilio.messages[0].sid
    assert len(twilio.messages) == 1


async def test_a_message_that_is_not_listed_yet_is_absent(channel: WhatsAppChannel, twilio: TwilioWire) -> None:
    message = outgoing()
    twilio.list_lag = 60.0
    twilio.fail("accept_then_drop", times=1)
    await channel.send(message)

    assert await channel.find_sent(message) == Absent()
    twilio.list_lag = 0.0
    assert isinstance(await channel.find_sent(message), Sent)


async def test_an_equal_text_of_our_own_is_not_mistaken_for_it(channel: WhatsAppChannel, twilio: TwilioWire) -> None:
    assert isinstance(await channel.send(outgoing("OK")), Sent)
    doubtful = outgoing("OK")

    assert await channel.find_sent(doubtful) == Absent()

    twilio.fail("accept_then_drop", times=1)
    await channel.send(doubtful)
    found = await channel.find_sent(doubtful)
    assert isinstance(found, Sent)
    assert found.provider_id == twilio.messages[1].sid


async def test_equal_texts_of_unknown_origin_are_left_to_a_person(channel: WhatsAppChannel, twilio: TwilioWire) -> None:
    message = outgoing("OK")
    twilio.fail("accept_then_drop", times=2)
    await channel.send(message)
    await channel.send(outgoing("OK"))

    found = await channel.find_sent(message)

    assert isinstance(found, Uncertain)
    assert found.failure.code == "ambiguous"


async def test_with_twilio_away_the_question_is_put_off(channel: WhatsAppChannel, twilio: TwilioWire) -> None:
    await twilio.stop()

    with pytest.raises(InnboxError):
        await channel.find_sent(outgoing())
    with pytest.raises(InnboxError):
        await channel.fetch_missed(now())


async def test_the_memory_of_sent_messages_is_bounded(
    channel: WhatsAppChannel, twilio: TwilioWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_module, "REMEMBERED", 1)
    for _ in range(3):
        await channel.send(outgoing("OK"))

    assert isinstance(await channel.find_sent(outgoing("OK")), Uncertain)  # two of the three are forgotten


# what was missed


async def test_missed_messages_come_over_many_pages(channel: WhatsAppChannel, twilio: TwilioWire) -> None:
    began = now() - timedelta(hours=2)
    for number in range(5400):
        twilio.receive(twilio.inbound_form(f"{number}"), at=began + timedelta(seconds=number))
    twilio.receive(twilio.inbound_form("to somebody else", to="+15550009999"))
    await channel.send(outgoing("ours"))

    missed = await channel.fetch_missed(began)

    assert [inbound.text for inbound in missed] == [str(number) for number in range(5400)]
    assert missed[0].sent_at == began.replace(microsecond=0)


async def test_files_of_missed_messages_come_along_and_can_be_fetched(
    channel: WhatsAppChannel, twilio: TwilioWire
) -> None:
    form = twilio.inbound_form("Look", media=[("x", "image/png")])
    twilio.receive(form, media=[WireMedia("image/png", b"png bytes")], at=now() - timedelta(seconds=30))

    (inbound,) = await channel.fetch_missed(now() - timedelta(minutes=1))

    (attachment,) = inbound.attachments
    assert (attachment.kind, attachment.content_type, attachment.state) == ("image", "image/png", "fetching")
    content = await channel.fetch_media(attachment)
    assert (content.content_type, content.data) == ("image/png", b"png bytes")


async def test_the_webhook_and_the_list_name_a_message_alike(channel: WhatsAppChannel, twilio: TwilioWire) -> None:
    form = twilio.inbound_form("Hello")
    twilio.receive(form, at=now() - timedelta(seconds=30))

    (inbound,) = await channel.fetch_missed(now() - timedelta(minutes=1))

    assert inbound.provider_id == form["MessageSid"]
    assert inbound.address == Address("whatsapp", GUEST_NUMBER)


async def test_a_message_whose_webhook_may_be_on_the_way_is_left_for_the_next_time(
    channel: WhatsAppChannel, twilio: TwilioWire
) -> None:
    twilio.receive(twilio.inbound_form("just now"))
    twilio.receive(twilio.inbound_form("a while ago"), at=now() - timedelta(seconds=10))

    assert [inbound.text for inbound in await channel.fetch_missed(now() - timedelta(minutes=1))] == ["a while ago"]


async def test_files_are_asked_for_once(channel: WhatsAppChannel, twilio: TwilioWire) -> None:
    twilio.receive(twilio.inbound_form(), media=[WireMedia("image/png", b"x")], at=now() - timedelta(seconds=30))
    since = now() - timedelta(minutes=1)

    assert await channel.fetch_missed(since) == await channel.fetch_missed(since)

    assert sum("/Media.json" in path for _, path in twilio.requests) == 1
