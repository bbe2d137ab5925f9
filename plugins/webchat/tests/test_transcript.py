"""What a guest may see of a conversation."""

from typing import Any

import pytest

from innbox import Attachment, Author, AuthorKind, DeliveryStatus, Direction, Failure, Message, now
from innbox_webchat.transcript import guest_json, provider_id, visible


def message(direction: Direction, status: DeliveryStatus | None = None, **fields: Any) -> Message:
    author = Author(AuthorKind.GUEST if direction is Direction.IN else AuthorKind.STAFF, "ana")
    return Message("m1", "c1", 1, direction, author, "text", now(), status=status, **fields)


def test_a_guest_sees_what_they_wrote_and_never_a_note() -> None:
    said = message(Direction.IN)

    assert visible([said, message(Direction.NOTE)]) == [said]


@pytest.mark.parametrize("status", list(DeliveryStatus))
def test_a_guest_sees_what_has_begun_to_leave(status: DeliveryStatus) -> None:
    hidden = {DeliveryStatus.PENDING, DeliveryStatus.FAILED, DeliveryStatus.CANCELLED, DeliveryStatus.PARKED}

    assert bool(visible([message(Direction.OUT, status)])) == (status not in hidden)


def test_no_name_and_no_error_of_staff_is_shown(house: Any) -> None:
    shown = guest_json(house, message(Direction.OUT, DeliveryStatus.SENT, error=Failure("1", "secret")))

    assert shown["author"] == {"kind": "staff", "name": None}
    assert not {"error", "status", "conversation_id", "sources", "client_id"} & set(shown)


def test_files_are_shown_under_links_that_need_no_session(house: Any) -> None:
    picture = Attachment("image", "image/png", "map.png", 12, "/media/m1/1")
    sent = message(Direction.OUT, DeliveryStatus.SENT, attachments=(Attachment("location", latitude=1.0), picture))

    place, shown = guest_json(house, sent)["attachments"]

    assert place["latitude"] == 1.0
    assert (shown["name"], shown["url"]) == ("map.png", house.file_link("m1", 1))


def test_a_guests_own_message_carries_the_id_that_their_page_gave_it(house: Any) -> None:
    said = message(Direction.IN, provider_id=provider_id("0198-handle", "a:b"))

    assert guest_json(house, said)["client_id"] == "a:b"
