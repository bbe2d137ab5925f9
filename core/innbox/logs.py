"""Logs: one line an event, JSON for programs or text for a terminal, each with the id of the message it is about.

A line carries `trace`: the id of the guest's message that began the story, in every process that has a part in it.
Guests' texts, names and handles, secrets and tokens are never arguments of a log call.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# What these tell at the level of information is not about hotels, and may hold addresses and queries.
QUIET = (
    "aiohttp",
    "asyncio",
    "dramatiq",
    "engineio",
    "httpcore",
    "httpx",
    "httpx2",
    "openai",
    "socketio",
    "twilio",
    "uvicorn",
    "uvicorn.error",
    "websockets",
)

# What could end a line, steer a terminal or turn its text around; a traceback keeps its lines.
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_STEERING_IN_TRACEBACK = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def set_up_logs(level: str = "info", format: str = "auto", process: str = "innbox") -> None:
    """Set up logging of this process to stderr. `format` is json, text or auto (text on a terminal)."""
    as_text = format == "text" or (format == "auto" and sys.stderr.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]

    def named(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        event["process"] = process
        return event

    shared: list[Any] = [
        named,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            one_line,
            structlog.dev.ConsoleRenderer(colors=True) if as_text else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer(colors=True) if as_text else structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=[*shared, structlog.processors.format_exc_info, one_line],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))


def one_line(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape what strangers may have put into a line's texts (a path, a header) to make it look like more than one."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable():  # most are, and that is known soon
            steering = _STEERING_IN_TRACEBACK if key == "exception" else _STEERING
            event[key] = steering.sub(lambda found: f"\\x{ord(found.group()):02x}", value)
    return event
