"""What the desk may send over the socket, and what is said of a payload that does not fit."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from innbox import Refused, parse_rfc3339

MAX_TEXT = 20_000  # characters; the channels' own limits are lower, and the core's to check


def _printable(text: str) -> str:
    return text.replace("\x00", "\ufffd")


Id = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_printable)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_printable)]
Word = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_printable)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT), AfterValidator(_printable)
]


def _moment(given: object) -> datetime:
    """Read a time with its offset (RFC 3339); one without could be anybody's."""
    try:
        if isinstance(given, str) and len(given) <= 40 and datetime.fromisoformat(given).tzinfo is not None:
            return parse_rfc3339(given)
    except (ValueError, OverflowError):
        pass
    raise PydanticCustomError("time", "is no time")


def _count(given: object) -> object:
    """Read a number from a form's text; what is none is left to be refused."""
    return int(given) if isinstance(given, str) and given.isascii() and given.isdecimal() and len(given) < 20 else given


Time = Annotated[datetime, BeforeValidator(_moment)]


class Payload(BaseModel):
    """A payload's fields have exactly the types named; what else is in it is left alone."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class OfConversation(Payload):
    """Something about one conversation."""

    conversation_id: Id


class Written(OfConversation):
    """A reply or a note. `client_id` is the sender's own name for it: the same one twice writes once."""

    text: Text
    client_id: Name


class Reply(Written):
    """A reply. `seen_seq`: the newest guest message that its writer has seen; `suggestion_id`: the bot's draft that it
    was made of; `translate_to`: the guest's language, where it is to be translated."""

    seen_seq: Count | None = None
    suggestion_id: Id | None = None
    translate_to: Name | None = None


class Upload(OfConversation):
    """What comes with files, as texts of a form. See `Reply`."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_TEXT), AfterValidator(_printable)] = ""
    client_id: Name
    seen_seq: Annotated[Count | None, BeforeValidator(_count)] = None
    suggestion_id: Id | None = None
    translate_to: Name | None = None


class Note(Written):
    """A note, and the colleagues whom it calls."""

    mentions: Annotated[list[Name], Field(max_length=50)] = []


class TakeOver(OfConversation):
    """A conversation to be taken, for so many minutes where they are named."""

    minutes: int | None = None


class Labels(OfConversation):
    """All labels that a conversation is to have."""

    labels: Annotated[list[Word], Field(max_length=100)]


class Assign(OfConversation):
    """The colleague who is to have a conversation; None: staff as a whole."""

    assignee: Name | None


class Snooze(OfConversation):
    """The time until which a conversation is laid aside."""

    until: Time


class Mode(OfConversation):
    """How the bot is to deal with a conversation; None: as its hotel says."""

    mode: Literal["auto", "draft", "off"] | None


class Minutes(OfConversation):
    """In how many minutes the bot comes back; None: not by itself."""

    minutes: int | None


class OptOut(OfConversation):
    """Whether the guest wants no message that they did not ask for."""

    out: bool


class Schedule(Written):
    """A message that leaves at a time."""

    at: Time


class OfScheduled(OfConversation):
    """Something about a scheduled message."""

    scheduled_id: Id


class OfMessage(OfConversation):
    """Something about one message."""

    message_id: Id


class Decision(OfMessage):
    """Whether a message has arrived, by the word of staff."""

    arrived: bool


class OfFile(OfMessage):
    """Something about one of a message's files."""

    position: Annotated[int, Field(ge=0, le=99)]


class Translate(OfMessage):
    """The language in which a message is to be read."""

    language: Name


class FromTemplate(OfConversation):
    """A template, and what stands in its blanks."""

    content_sid: Name
    variables: Annotated[dict[Name, Word], Field(max_length=100)]
    client_id: Name


class OfSuggestion(OfConversation):
    """Something about the bot's draft."""

    suggestion_id: Id


class Since(Payload):
    """The number of the last event that the desk knows."""

    since: Count


P = TypeVar("P", bound=Payload)

_SENTENCES = {
    "missing": "is missing",
    "string_type": "must be a text",
    "string_unicode": "has characters that are none",
    "string_too_short": "is empty",
    "int_type": "must be a whole number",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "too_long": "is too long",
    "literal_error": "is none of the words for it",
    "time": "must be a time such as 2026-03-29T14:00:00Z",
}


def parse(model: type[P], arguments: tuple[Any, ...]) -> P:
    """Read an event's arguments; raises `Refused` naming the first field that does not fit."""
    if len(arguments) != 1 or not isinstance(arguments[0], dict):
        raise Refused("the payload must be one object", "payload")
    try:
        return model.model_validate(arguments[0])
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=True)[0]
        raise Refused(f"{'.'.join(map(str, fault['loc']))} {_sentence(fault)}", "payload") from None


def _sentence(fault: Any) -> str:
    if fault["type"] == "string_too_long":
        return f"has more than {fault['ctx']['max_length']} characters"
    return _SENTENCES.get(fault["type"], "does not fit")
