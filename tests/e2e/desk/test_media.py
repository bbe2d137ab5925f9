"""Media: pictures, voice, PDF and places are shown safely, a failed download is tried again, staff send files too."""

import base64
import json
import re
from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC"
)
PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
OGG = b"OggS" + b"\x00" * 100
LOADED = "(image) => image.complete && image.naturalWidth > 0"


async def test_what_guests_send_is_shown_safely(hotel: Any, house: Any, open_desk: Any) -> None:
    # Given a guest who sends a picture, a voice message, a PDF and a place
    for text, content_type, data in (
        ("The leak", "image/png", PNG),
        ("", "audio/ogg", OGG),
        ("The booking", "application/pdf", PDF),
    ):
        media = [(house.twilio.media_url(content_type, data), content_type)]
        await hotel.says("Marta", text, media=media)
    place = {"Latitude": "38.69783", "Longitude": "-9.42131", "Label": "Praia do Guincho", "Address": "Cascais"}
    await hotel.says("Marta", "", **place)
    desk = await open_desk()
    await desk.open("Marta")
    log = desk.conversation.get_by_role("log")

    # Then the picture is there and opens larger where it stands
    picture = log.get_by_role("button", name="Picture")
    await expect(picture).to_be_visible()
    await picture.locator("img").evaluate("(image) => image.decode()")
    assert await picture.locator("img").evaluate(LOADED)
    await picture.click()
    await expect(picture).to_have_attribute("aria-expanded", "true")

    # And the voice can be played, the PDF taken down, the place looked up elsewhere; nothing comes from other houses
    await expect(log.locator("audio[controls]")).to_have_count(1)
    document = log.get_by_role("link", name="File")
    async with desk.page.expect_download() as download:
        await document.click()
    assert (await (await download.value).path()).read_bytes() == PDF
    spot = log.get_by_role("listitem").filter(has_text="Praia do Guincho")
    await expect(spot).to_contain_text("38.69783, -9.42131")
    href = await spot.get_by_role("link", name="Open the map").get_attribute("href")
    assert href is not None
    assert href.startswith("https://www.openstreetmap.org/")
    foreign = "performance.getEntriesByType('resource').filter((one) => !one.name.startsWith(location.origin)).length"
    assert await desk.page.evaluate(foreign) == 0


async def test_a_failed_download_is_tried_again(hotel: Any, house: Any, open_desk: Any) -> None:
    # Given a guest's picture whose download has failed
    address = house.twilio.media_url("image/png", PNG)
    await hotel.says("Marta", "The leak", media=[(address, "image/png")])
    desk = await open_desk()
    await desk.open("Marta")
    log = desk.conversation.get_by_role("log")
    await expect(log.get_by_role("button", name="Picture")).to_be_visible()
    [message] = [one for one in await hotel.messages("Marta") if one.text == "The leak"]
    failed = [{"kind": "image", "content_type": "image/png", "source": address, "state": "failed"}]
    house.database.run("UPDATE messages SET attachments = {} WHERE id = {}", json.dumps(failed), message.id)
    await desk.page.reload()
    await expect(log.get_by_text("Picture: could not be fetched")).to_be_visible()

    # When staff want it tried again, it is there
    await log.get_by_role("button", name="Try again").click()
    await expect(log.get_by_role("button", name="Picture")).to_be_visible()


async def test_staff_send_pictures_and_files_after_a_look_at_them(hotel: Any, open_desk: Any) -> None:
    # Given a conversation
    await hotel.says("Marta", "Where is the pool?")
    desk = await open_desk()
    await desk.open("Marta")
    page, log = desk.page, desk.conversation.get_by_role("log")
    chosen = page.get_by_role("list", name="Files to send").get_by_role("listitem")

    # When files are chosen, dropped and pasted
    async with page.expect_file_chooser() as choosing:
        await desk.press("Attach files")
    await (await choosing.value).set_files([{"name": "map.png", "mimeType": "image/png", "buffer": PNG}])
    await page.evaluate(BRING, ["drop", "menu.pdf", "application/pdf", base64.b64encode(PDF).decode()])
    await page.evaluate(BRING, ["paste", "wrong.png", "image/png", base64.b64encode(PNG).decode()])

    # Then they are shown before they leave, and one can be taken out again
    await expect(chosen).to_have_count(3)
    await expect(chosen.filter(has_text="map.png").locator("img")).to_be_visible()
    await desk.press("Remove wrong.png")
    await expect(chosen).to_have_count(2)

    # When they are sent, guest and staff have them
    await desk.reply("Here is the map of the house")
    sent = log.get_by_role("listitem").filter(has_text="Here is the map of the house")
    await expect(sent.get_by_text(re.compile("^(Sent|Delivered|Read)$"))).to_be_attached()
    await expect(sent.get_by_role("button", name="map.png")).to_be_visible()
    await expect(log.get_by_role("link", name="menu.pdf")).to_be_visible()
    await expect(chosen).to_have_count(0)
    files = [
        file
        for message in await hotel.messages("Marta")
        if message.author.name == hotel.user("ana")
        for file in message.attachments
    ]
    assert [(file.name, file.kind, file.size) for file in files] == [
        ("map.png", "image", len(PNG)),
        ("menu.pdf", "file", len(PDF)),
    ]


BRING = """
([how, name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const brought = new DataTransfer();
  brought.items.add(new File([bytes], name, { type }));
  const field = document.querySelector("textarea");
  const event =
    how === "drop"
      ? new DragEvent("drop", { dataTransfer: brought, bubbles: true, cancelable: true })
      : new ClipboardEvent("paste", { clipboardData: brought, bubbles: true, cancelable: true });
  field.dispatchEvent(event);
}
"""
