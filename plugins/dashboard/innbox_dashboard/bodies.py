"""Reading the bodies of requests: each raises `Refused` with a sentence for what does not fit."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from innbox import Refused


def is_json(request: Request) -> bool:
    """Say whether a request brings JSON rather than a form."""
    return request.headers.get("content-type", "").startswith("application/json")


async def json_of(request: Request) -> dict[str, Any]:
    """Return a JSON body, which is one object."""
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        raise Refused("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise Refused("The body must be one object.")
    return body


async def fields_of(request: Request) -> Mapping[str, Any]:
    """Return a body's fields, from JSON or from a form.

    A form's texts get plain line ends, and the last field of a name counts: a hidden one gives a tick box its other
    value.
    """
    if is_json(request):
        return await json_of(request)
    async with request.form(max_files=0) as form:
        return {name: _plain(form.getlist(name)[-1]) for name in form}


def _plain(value: Any) -> Any:
    return value.replace("\r\n", "\n") if isinstance(value, str) else value
