"""The 24 hours of WhatsApp: how long they last, and what can be sent when they are over."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from innbox.testing.twilio_wire import WireTemplate

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]


async def test_after_the_window_a_template_is_sent_with_a_preview(hotel: Any, house: Any, open_desk: Any) -> None:
    # Given a guest who has just written
    house.twilio.templates.append(
        template := WireTemplate(
            f"room_ready_{hotel.slug}", "Hello {{1}}, room {{2}} is ready.", variables={"1": "", "2": ""}
        )
    )
    await hotel.says("Marta", "Is our room ready?")
    desk = await open_desk()
    await desk.open("Marta")

    # Then the desk tells how long one may reply
    await expect(desk.said(re.compile(r"Reply window closes in 23\sh"))).to_be_visible()

    # When the 24 hours are over
    conversation, a_minute_ago = await hotel.conversation("Marta"), house.database.moment(-60)
    house.database.run("UPDATE conversations SET window_closes_at = {} WHERE id = {}", a_minute_ago, conversation.id)
    await desk.page.reload()

    # Then nothing can be written freely
    await expect(desk.page.get_by_role("textbox", name="Reply")).to_be_disabled()
    await expect(desk.said(re.compile("only for 24 hours"))).to_be_visible()

    # When staff choose a template, they see what the guest will read as they fill it in
    await desk.page.get_by_role("combobox", name="Template").select_option(template.sid)
    await expect(desk.said("Hello {{1}}, room {{2}} is ready.")).to_be_visible()
    await desk.page.get_by_role("textbox", name="Blank 1").fill("Marta")
    await expect(desk.button("Send template")).to_be_disabled()
    await desk.page.get_by_role("textbox", name="Blank 2").fill("214")
    await expect(desk.said("Hello Marta, room 214 is ready.")).to_be_visible()
    await desk.press("Send template")

    # Then it is in the conversation as the guest has it
    message = desk.conversation.get_by_role("listitem").filter(has_text="Hello Marta, room 214 is ready.")
    await expect(message.get_by_text(re.compile("^Read$"))).to_be_attached()
    [form] = [one.form for one in house.twilio.messages if one.form.get("ContentSid") == template.sid]
    assert form["ContentVariables"] == '{"1": "Marta", "2": "214"}'
