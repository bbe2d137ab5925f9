"""The YAML file: what may stand in it, and how it is read so that every fault is reported at once.

The models describe the file key by key (the settings reference is made from their descriptions); `load_config` reads a
file into a `Config` or raises one `ConfigError` with everything that is wrong.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    SkipValidation,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from innbox.config import words
from innbox.config.tree import KeyPath, Tree, read_text, read_tree
from innbox.errors import ConfigError, PluginError
from innbox.phrases import words_of
from innbox.plugins import Plugin, PluginSettings, hooks_of, installed, load_class

DEFAULT_PUBLIC_URL = "http://127.0.0.1:8000"
SHORTEST_SECRET_KEY = 16

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*")
_LANGUAGE = re.compile(r"[a-z]{2}")
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62}))+")
_FILLED_BY_LOADER = frozenset({"slug", "facts_path"})


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Queue(_Section):
    """The queue that wakes workers. Without it the work runs inside `serve`."""

    url: str = Field(repr=False, description="Redis-compatible server that wakes workers, such as redis://localhost/0.")
    slots: int = Field(default=1000, ge=1, description="Turns in flight per worker process.")

    @field_validator("url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must be the URL of a Redis-compatible server, such as redis://localhost:6379/0")
        return value


class Turns(_Section):
    """How long the bot waits for a guest to finish writing."""

    wait_seconds: float = Field(
        default=1.5, ge=0, allow_inf_nan=False, description="Quiet time in seconds after which a burst is answered."
    )
    wait_at_most_seconds: float = Field(
        default=6.0,
        ge=0,
        allow_inf_nan=False,
        validate_default=True,
        description="Longest wait in seconds after a burst's first message.",
    )

    @field_validator("wait_at_most_seconds")
    @classmethod
    def _not_below_wait(cls, value: float, info: ValidationInfo) -> float:
        wait = info.data.get("wait_seconds", 0)
        if value < wait:
            raise ValueError(f"must be at least turns.wait_seconds, which is {wait:g}; raise it, or lower that one")
        return value


class Metrics(_Section):
    """Who may read `/metrics`."""

    public: bool = Field(default=False, description="Whether anybody may read /metrics.")
    token: SecretStr | None = Field(default=None, description="Bearer token with which /metrics may be read.")


class Logs(_Section):
    """What is logged, and in which shape."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="The least that is logged.")
    format: Literal["auto", "json", "text"] = Field(
        default="auto", description="json for programs, text for people; auto: text on a terminal, json elsewhere."
    )


class Urgency(_Section):
    """Which messages call staff at once, and whom they call. Innbox brings words of danger in English, Portuguese,
    Spanish, French and German."""

    enabled: bool = Field(default=True, description="Whether words of danger are looked for.")
    words: tuple[str, ...] = Field(
        default=(),
        description="Words and phrases of danger beside those that Innbox brings: a list, or a list by language.",
    )
    on_call: tuple[str, ...] = Field(
        default=(),
        description="Whom it rings for, one after the other, by the names they sign in with; nobody: everybody.",
    )
    ring_seconds: float = Field(
        default=120.0, ge=5, le=3600, description="After how many seconds without an answer it rings for the next one."
    )
    notice: str = Field(
        default="",
        max_length=1000,
        description="What the guest is told at once; left out, a text of Innbox's in the guest's language.",
    )

    @field_validator("words", mode="before")
    @classmethod
    def _phrases(cls, value: Any) -> Any:
        """Take a list, or lists by language, as one."""
        lists = list(value.values()) if isinstance(value, dict) else [value]
        if isinstance(value, dict) and not all(_LANGUAGE.fullmatch(str(language)) for language in value):
            raise ValueError("must be lists by language of two small letters, such as {pt: [fogo]}")
        if not all(isinstance(phrases, list | tuple) for phrases in lists):
            raise ValueError("must be a list such as [fogo], or lists by language such as {pt: [fogo]}")
        phrases = tuple(phrase for phrases in lists for phrase in phrases)
        if not all(isinstance(phrase, str) and words_of(phrase) for phrase in phrases):
            raise ValueError("holds something that is no phrase; write words with letters, such as [fogo]")
        return phrases


class Hotel(_Section):
    """A property. Every conversation belongs to one."""

    slug: str = Field(description="The hotel's key in the file; it is part of addresses such as /chat/SLUG.")
    name: str = Field(min_length=1, max_length=200, description="The name that guests and staff see.")
    timezone: str = Field(description="Time zone by its IANA name, such as Europe/Lisbon.")
    languages: tuple[str, ...] = Field(description="Languages of the house as two letters, the first preferred.")
    facts: str = Field(
        default="", description="Markdown file with what the bot knows of the hotel, relative to the YAML file."
    )
    facts_path: Path | None = Field(default=None, description="Where the facts were read.")
    prompts: Path | None = Field(
        default=None, description="Folder whose prompt templates stand in for Innbox's own, relative to the YAML file."
    )
    domains: tuple[str, ...] = Field(
        default=(), description="Host names that links in the bot's answers may point to, such as hotel.example."
    )
    bot: bool = Field(default=True, description="Whether the bot answers; may be switched at run time.")
    urgent: Urgency = Field(default_factory=Urgency, description="Which messages call staff at once, and whom.")
    staff_language: str = Field(
        default="", description="Language that staff read, as two letters; left out, the first of `languages`."
    )

    @field_validator("slug")
    @classmethod
    def _plain_slug(cls, value: str) -> str:
        if not _SLUG.fullmatch(value):
            raise ValueError("is no hotel key; write small letters, digits, - and _ only, such as miramar")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("is no time zone; write an IANA name such as Europe/Lisbon") from None
        return value

    @field_validator("languages")
    @classmethod
    def _two_letters(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("is empty; name at least one language, such as [pt, en]")
        if not all(_LANGUAGE.fullmatch(language) for language in value):
            raise ValueError("must be languages of two small letters, such as [pt, en]")
        return value

    @field_validator("staff_language")
    @classmethod
    def _of_staff(cls, value: str) -> str:
        if value and not _LANGUAGE.fullmatch(value):
            raise ValueError("must be a language of two small letters, such as en")
        return value

    @field_validator("domains")
    @classmethod
    def _host_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        lowered = tuple(domain.lower() for domain in value)
        if not all(_HOST_NAME.fullmatch(domain) for domain in lowered):
            raise ValueError("must be host names alone, such as hotel.example, without https:// and path")
        return lowered


@dataclass(frozen=True, slots=True)
class PluginConfig:
    """An enabled plugin: its name in the file, its class, and its settings as the class validated them."""

    name: str
    cls: type[Any]
    settings: PluginSettings


class Config(_Section):
    """The whole file."""

    public_url: str = Field(
        default=DEFAULT_PUBLIC_URL,
        description="Where Innbox is reached from outside, as scheme and host; providers sign it.",
    )
    secret_key: SecretStr = Field(description="Signs guests' and staff's tokens; 16 characters or more.")
    queue: Queue | None = Field(default=None, description="The queue; left out, the work runs inside `serve`.")
    hotels: dict[str, Hotel] = Field(description="The hotels, by a short key each.")
    turns: Turns = Field(default_factory=Turns, description="How long the bot waits for a guest to finish.")
    plugins: SkipValidation[Mapping[str, PluginConfig]] = Field(
        default_factory=dict, description="The enabled plugins with their settings, in order of preference."
    )
    metrics: Metrics = Field(default_factory=Metrics, description="Who may read /metrics.")
    logs: Logs = Field(default_factory=Logs, description="What is logged.")
    trusted_proxies: tuple[str, ...] = Field(
        default=("127.0.0.1",), description="Addresses or networks of proxies whose X-Forwarded-For is believed."
    )

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        wrong = "must be scheme and host alone, such as https://inbox.hotel.example, without path, user or query"
        try:
            parts = urlsplit(value)
            parts.port  # noqa: B018 - raises where the port is no number
        except ValueError:
            raise ValueError(wrong) from None
        bare = not (parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)
        if parts.scheme not in ("http", "https") or not parts.hostname or not bare or re.search(r"[\s?#]", value):
            raise ValueError(wrong)
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < SHORTEST_SECRET_KEY:
            raise ValueError(
                f"is shorter than {SHORTEST_SECRET_KEY} characters; "
                'make one with: python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
            )
        return value

    @field_validator("hotels")
    @classmethod
    def _some_hotel(cls, value: dict[str, Hotel]) -> dict[str, Hotel]:
        if not value:
            raise ValueError("holds no hotel; add one with name, timezone, languages and facts")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            try:
                ip_network(address, strict=False)
            except ValueError:
                raise ValueError("must be addresses or networks such as 127.0.0.1 or 10.0.0.0/8") from None
        return value


def load_config(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Read and check a YAML file, the enabled plugins' settings too.

    `${NAME}` is taken from `environ`. Raises `ConfigError` with every fault found, from the file's top to its end.
    """
    tree = read_tree(path, environ)
    _forgive_disabled(tree)
    sections = {key: value for key, value in tree.data.items() if key != "plugins"}
    _tidy_optional(sections)
    _fill_hotels(tree, sections, path.parent)
    core = _validated(tree, Config, sections, (), "Innbox")
    plugins, cause = _read_plugins(tree)
    if tree.faults or core is None:
        raise ConfigError(tree.sorted_faults()) from cause
    return core.model_copy(update={"plugins": plugins})


def _forgive_disabled(tree: Tree) -> None:
    """A plugin that is switched off may lack its variables."""
    plugins = tree.data.get("plugins")
    for name, values in plugins.items() if isinstance(plugins, dict) else ():
        if isinstance(values, dict) and _is_off(values.get("enabled", True)):
            tree.forgive(("plugins", name))


def _is_off(enabled: Any) -> bool:
    try:
        return not TypeAdapter(bool).validate_python(enabled)
    except ValidationError:
        return False


def _tidy_optional(sections: dict[str, Any]) -> None:
    """Let an empty section mean its defaults, and a queue without a URL no queue."""
    for name in ("queue", "turns", "metrics", "logs"):
        if name in sections and sections[name] is None:
            del sections[name]
    queue = sections.get("queue")
    if isinstance(queue, dict) and set(queue) <= set(Queue.model_fields) and queue.get("url") is None:
        del sections["queue"]


# --- hotels -------------------------------------------------------------------------------------------------------


def _fill_hotels(tree: Tree, sections: dict[str, Any], folder: Path) -> None:
    """Give every hotel its slug and the text of its facts."""
    hotels = sections.get("hotels")
    if hotels is None and "hotels" in sections:
        sections["hotels"] = {}
    if isinstance(hotels, dict):
        sections["hotels"] = {slug: _filled(tree, slug, values, folder) for slug, values in hotels.items()}


def _filled(tree: Tree, slug: str, values: Any, folder: Path) -> Any:
    if values is None:
        values = {}
    if not isinstance(values, dict):
        return values
    here: KeyPath = ("hotels", slug)
    for key in _FILLED_BY_LOADER & set(values):
        known = set(Hotel.model_fields) - _FILLED_BY_LOADER
        tree.fault((*here, key), words.unknown_key(key, known, "a hotel"))
    filled = {**values, "slug": slug}
    if "urgent" in filled and filled["urgent"] is None:
        del filled["urgent"]
    if "facts" not in values:
        tree.fault((*here, "facts"), "is missing; name a Markdown file with what the bot may tell guests")
    elif isinstance(values["facts"], str) and not tree.touches_fault((*here, "facts")):
        filled["facts_path"] = folder / values["facts"]
        filled["facts"] = _facts(tree, (*here, "facts"), folder / values["facts"])
    if isinstance(values.get("prompts"), str):
        filled["prompts"] = folder / values["prompts"]
        if not filled["prompts"].is_dir():
            tree.fault((*here, "prompts"), f"there is no folder {filled['prompts']}; create it, or remove the key")
    return filled


def _facts(tree: Tree, path: KeyPath, file: Path) -> str:
    try:
        return read_text(file)
    except ConfigError as error:
        tree.fault(path, f"the facts file {file} cannot be used: {error.faults[0].what}")
        return ""


# --- plugins ------------------------------------------------------------------------------------------------------


def _read_plugins(tree: Tree) -> tuple[dict[str, PluginConfig], PluginError | None]:
    """Check every enabled plugin; return those that are right, and what broke the first that cannot be imported."""
    sections = tree.data.get("plugins")
    if not isinstance(sections, dict) or not sections:
        missing = sections in (None, {}, [], "")
        what = "is missing; enable a store and a channel at least" if missing else "must hold lines of `name: {…}`"
        tree.fault(("plugins",), what)
        return {}, None
    points = installed()
    found: dict[str, PluginConfig] = {}
    hooks: dict[str, list[str]] = {}
    cause: PluginError | None = None
    unread = False
    for name, values in sections.items():
        switched_on = _switched_on(tree, name, values)
        if switched_on is None:
            continue
        try:
            cls = _class(tree, name, points)
        except PluginError as error:
            tree.fault(("plugins", name), str(error))
            cause = cause or error
            cls = None
        if cls is None:
            unread = True
            continue
        hooks[name] = hooks_of(cls)
        settings = _validated(tree, cls.Settings, switched_on, ("plugins", name), name)
        if settings is not None:
            found[name] = PluginConfig(name, cls, settings)
    _check_parts(tree, hooks, unread)
    return found, cause


def _switched_on(tree: Tree, name: str, values: Any) -> Any:
    """Return a plugin's settings without `enabled`, or None where it is switched off."""
    if values is None:
        return {}
    if not isinstance(values, dict):
        return values
    enabled = values.get("enabled", True)
    try:
        on = TypeAdapter(bool).validate_python(enabled)
    except ValidationError:
        tree.fault(("plugins", name, "enabled"), "must be true or false")
        on = True
    return {key: value for key, value in values.items() if key != "enabled"} if on else None


def _class(tree: Tree, name: str, points: Mapping[str, EntryPoint]) -> type[Plugin[Any]] | None:
    if name in points:
        return load_class(points[name])
    near = words.near(name, points)
    fix = f"did you mean {near}?" if near else "install it, or remove it."
    known = ", ".join(sorted(points)) or "none"
    tree.fault(("plugins", name), f"no such plugin is installed; {fix} Installed: {known}")
    return None


def _check_parts(tree: Tree, hooks: Mapping[str, list[str]], unread: bool) -> None:
    """Exactly one store, at least one channel. What a plugin that cannot be read would bring, nobody knows."""
    stores = [name for name, found in hooks.items() if "register_store" in found]
    if len(stores) > 1:
        what = f"{' and '.join(stores)} both bring a store; keep one and remove the others, or set `enabled: false`"
        tree.fault(("plugins", stores[1]), what)
    if not stores and not unread:
        tree.fault(("plugins",), "holds no store; add postgres_store, or sqlite_store for one process")
    if not unread and not any("register_channels" in found for found in hooks.values()):
        tree.fault(("plugins",), "holds no channel; add webchat or whatsapp_twilio")


# --- pydantic's errors as faults ----------------------------------------------------------------------------------


M = TypeVar("M", bound=BaseModel)


def _validated(tree: Tree, model: type[M], values: Any, at: KeyPath, owner: str) -> M | None:
    """Validate a section; turn each of pydantic's errors into a fault with line and key."""
    hotels = tree.data.get("hotels")
    try:
        return model.model_validate(values, context={"hotels": tuple(hotels) if isinstance(hotels, dict) else ()})
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False):
            _note(tree, model, one, at, owner)
    return None


def _note(tree: Tree, model: type[BaseModel], error: ErrorDetails, at: KeyPath, owner: str) -> None:
    inside = _in_file(tree, model, error, at)
    if tree.touches_fault((*at, *inside)):
        return
    known = _keys(model, inside[:-1])
    within = ".".join(map(str, (*at, *inside)[:-1])) if len(inside) > 1 else owner
    tree.fault((*at, *inside), tree.masked(words.sentence(error, known, within)))


def _in_file(tree: Tree, model: type[BaseModel], error: ErrorDetails, at: KeyPath) -> KeyPath:
    """Return an error's place below `at`, up to pydantic's own marks (`[key]`, the names of a union's members)."""
    kept: KeyPath = ()
    for part in error["loc"]:
        if (*at, *kept, part) not in tree.lines and part not in _keys(model, kept):
            break
        kept = (*kept, part)
    return kept


def _keys(model: type[BaseModel], path: KeyPath) -> list[str]:
    return [key for key in words.keys_at(model, path) if key not in _FILLED_BY_LOADER]
