"""Templates: those that WhatsApp has approved, with their blanks, asked for now and then."""

from types import SimpleNamespace
from typing import Any

import pytest

from innbox import InnboxError, OffersTemplates, TemplateOffer
from innbox.testing.twilio_wire import TwilioWire, WireTemplate
from innbox_whatsapp_twilio import templates
from innbox_whatsapp_twilio.api import TwilioApi, TwilioTemplate
from innbox_whatsapp_twilio.channel import WhatsAppChannel
from innbox_whatsapp_twilio.settings import WhatsAppTwilioSettings
from innbox_whatsapp_twilio.templates import Templates, offers_of


def template(**fields: Any) -> TwilioTemplate:
    types = {"twilio/text": {"body": "Hello"}}
    return TwilioTemplate(
        **{"sid": "HX1", "name": "late", "language": "en", "types": types, "approved": True, **fields}
    )


async def test_approved_templates_are_offered_by_name(channel: WhatsAppChannel, twilio: TwilioWire) -> None:
    late = WireTemplate("late_checkout", "Hello {{1}}, stay until {{2}}.", variables={"1": "Ana", "2": "13:00"})
    spa = WireTemplate("Spa", "The spa is open.", "pt")
    others = [WireTemplate(status, "?", status=status) for status in ("pending", "rejected", "paused")]
    twilio.templates = [spa, late, *others]

    offers = await channel.templates("miramar")

    assert isinstance(channel, OffersTemplates)
    assert offers == (
        TemplateOffer(late.sid, "late_checkout", "en", "Hello {{1}}, stay until {{2}}.", ("1", "2")),
        TemplateOffer(spa.sid, "Spa", "pt", "The spa is open."),
    )
    assert await channel.templates("a hotel without a number") == ()


async def test_long_lists_are_read_to_their_end(
    settings: WhatsAppTwilioSettings, twilio: TwilioWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("innbox_whatsapp_twilio.api.TEMPLATES_PAGE", 2)
    twilio.templates = [WireTemplate(f"t{n}", "Hello") for n in range(5)]

    async with TwilioApi(settings) as api:
        listed = await api.templates()

    assert [found.name for found in listed] == ["t0", "t1", "t2", "t3", "t4"]
    assert len(twilio.requests) == 3


async def test_twilio_is_asked_now_and_then_and_its_last_list_is_good_enough(
    settings: WhatsAppTwilioSettings, twilio: TwilioWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    twilio.templates = [WireTemplate("late", "Hello")]
    clock = [1000.0]
    monkeypatch.setattr(templates, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    async with TwilioApi(settings) as api:
        remembered = Templates(api)
        first = await remembered.offers()
        twilio.templates.append(WireTemplate("spa", "Hello"))
        assert await remembered.offers() == first
        assert len(twilio.requests) == 1

        clock[0] += templates.FRESH_SECONDS + 1
        assert [offer.name for offer in await remembered.offers()] == ["late", "spa"]

        await twilio.stop()
        clock[0] += templates.FRESH_SECONDS + 1
        assert [offer.name for offer in await remembered.offers()] == ["late", "spa"]
        with pytest.raises(InnboxError):
            await Templates(api).offers()


@pytest.mark.parametrize(
    ("types", "text"),
    [
        ({"whatsapp/card": {"body": "A card {{name}}", "footer": "x"}}, "A card {{name}}"),
        ({"twilio/card": {"title": "A title", "actions": []}}, "A title"),
        ({"twilio/media": {"media": ["https://x"]}, "twilio/text": {"body": "Beside it"}}, "Beside it"),
    ],
)
def test_a_template_of_any_type_shows_its_text(types: dict[str, Any], text: str) -> None:
    (offer,) = offers_of([template(types=types)])

    assert offer.text == text


@pytest.mark.parametrize("content", [None, {}, {"body": 7}, {"body": " "}])
def test_a_template_without_a_text_is_not_offered(content: Any) -> None:
    assert offers_of([template(types={"twilio/text": content})]) == ()
    assert offers_of([template(types={})]) == ()


def test_blanks_are_in_the_order_of_their_numbers() -> None:
    text = {"twilio/text": {"body": "{{10}} {{2}} {{ name }} {{1}}"}}

    (offer,) = offers_of([template(types=text, variables=("2", "media"))])

    assert offer.variables == ("1", "2", "10", "media", "name")
