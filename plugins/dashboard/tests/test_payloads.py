"""Reading what the desk sends."""

from typing import Any

import pytest

from innbox import Refused
from innbox_dashboard.payloads import OfConversation, Since, Written, parse


def test_what_fits_is_read_and_the_rest_left_alone() -> None:
    written = parse(Written, ({"conversation_id": "c", "text": " Hi\x00 ", "client_id": "1", "hotel": "other"},))
    assert (written.conversation_id, written.text, written.client_id) == ("c", "Hi\ufffd", "1")
    assert not hasattr(written, "hotel")


@pytest.mark.parametrize(
    ("model", "arguments", "error"),
    [
        (OfConversation, (), "the payload must be one object"),
        (OfConversation, ({}, {}), "the payload must be one object"),
        (OfConversation, ({},), "conversation_id is missing"),
        (OfConversation, ({"conversation_id": 5},), "conversation_id must be a text"),
        (OfConversation, ({"conversation_id": "x" * 65},), "conversation_id has more than 64 characters"),
        (Since, ({"since": "1"},), "since must be a whole number"),
        (Since, ({"since": 1.5},), "since must be a whole number"),
        (Since, ({"since": True},), "since must be a whole number"),
        (Since, ({"since": -1},), "since is too small"),
        (Since, ({"since": 2**70},), "since is too large"),
        (Written, ({"conversation_id": "c", "text": "\ud800", "client_id": "1"},), "text has characters that are none"),
    ],
)
def test_the_refusal_names_the_field(model: Any, arguments: tuple[Any, ...], error: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(model, arguments)
    assert str(refused.value) == error
