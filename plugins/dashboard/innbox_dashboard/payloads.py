"""What the desk may send over the socket, and what is said of a payload that does not fit."""

from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from innbox import Refused

MAX_TEXT = 20_000  # characters; the channels' own limits are lower, and the core's to check


def _printable(text: str) -> str:
    return text.replace("\x00", "\ufffd")


Id = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_printable)]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT), AfterValidator(_printable)
]


class Payload(BaseModel):
    """A payload's fields have exactly the types named; what else is in it is left alone."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class OfConversation(Payload):
    """Something about one conversation."""

    conversation_id: Id


class Written(OfConversation):
    """A reply or a note. `client_id` is the sender's own name for it: the same one twice writes once."""

    text: Text
    client_id: Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_printable)]


class Since(Payload):
    """The number of the last event that the desk knows."""

    since: int = Field(ge=0, le=2**53)


P = TypeVar("P", bound=Payload)

_SENTENCES = {
    "missing": "is missing",
    "string_type": "must be a text",
    "string_unicode": "has characters that are none",
    "string_too_short": "is empty",
    "int_type": "must be a whole number",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
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
