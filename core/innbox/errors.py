"""Every exception that Innbox raises on purpose. The docstring of each says when; its text is meant for people."""

from collections.abc import Sequence
from dataclasses import dataclass


class InnboxError(Exception):
    """The root of the tree: catch it to catch all that Innbox raises on purpose."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a configuration.

    `where` is `FILE:LINE` (or only `FILE`), `key` the dotted path of the key, `what` a sentence with the fix.
    """

    where: str
    key: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.key}: {self.what}" if self.key else f"{self.where}: {self.what}"


class ConfigError(InnboxError):
    """The YAML file cannot be used; `faults` holds everything that is wrong with it, not only the first thing."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class PluginError(InnboxError):
    """A plugin cannot be loaded, or one of its hooks is misspelt, of the wrong colour, or answers the wrong type."""


class NotReady(InnboxError):
    """The system cannot start as it is, and the text says what to run (a schema that is behind, say)."""


class StoreUnavailable(InnboxError):
    """The store did not answer in time. Nothing was written; the caller may try again. HTTP says 503."""


class NotFound(InnboxError):
    """There is no such thing, or the asker may not know of it. HTTP says 404."""


class Conflict(InnboxError):
    """Somebody else was first; the text says who or what. HTTP says 409."""


class Refused(InnboxError):
    """What was asked for is understood and not allowed; the text says why, for the person who asked. HTTP says 400.

    `code` is a short stable name (`window_closed`, `too_long`), for programs.
    """

    def __init__(self, text: str, code: str = "refused") -> None:
        super().__init__(text)
        self.code = code


class Throttled(InnboxError):
    """Too many tries; `retry_after` says in how many seconds the next one is welcome. HTTP says 429."""

    def __init__(self, text: str, retry_after: float) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class ModelError(InnboxError):
    """A model gave no usable answer (outage, deadline, garbage). The next model of the YAML is asked.

    `code` is the provider's code or a short name (`timeout`, `garbage`), for the metrics.
    """

    def __init__(self, text: str, code: str = "error") -> None:
        super().__init__(text)
        self.code = code


class ToolError(InnboxError):
    """A tool cannot do what the model asked; the text goes back to the model, which may answer without it."""
