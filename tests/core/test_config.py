"""The YAML file: what is read, and every fault at once with its line, its key and the fix."""

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from pydantic import BaseModel

from innbox.config import Config, Hotel, Logs, Metrics, Queue, Turns, load_config
from innbox.errors import ConfigError, Fault

ROOT = Path(__file__).parents[2]
Load = Callable[..., Config]

PLUGINS = '''
"""Plugins of the test's own."""

from innbox import Plugin, PluginSettings, hookimpl
from pydantic import Field, SecretStr, field_validator


class Hours(PluginSettings):
    begin: int
    end: int = 22


class Settings(PluginSettings):
    colour: str = Field(default="blue", max_length=10)
    size: int = Field(default=1, ge=1)
    ratio: float = 0.5
    loud: bool = False
    key: SecretStr | None = None
    numbers: dict[str, str] = {}
    words: tuple[str, ...] = ()
    hours: Hours | None = None
    either: int | str = 0

    @field_validator("key")
    @classmethod
    def _right(cls, value):
        if value and not value.get_secret_value().startswith("sk-"):
            raise ValueError(f"is no key: {value.get_secret_value()}")
        return value


class Desk(Plugin[Settings]):
    Settings = Settings

    @hookimpl
    def register_channels(self): return []


class Cellar(Plugin[PluginSettings]):
    @hookimpl
    def register_store(self): return None


class Attic(Cellar):
    pass


class NoPlugin:
    pass
'''

GOOD = """\
public_url: https://inbox.hotel.example/
secret_key: a-key-of-more-than-sixteen
hotels:
  miramar:
    name: Hotel Miramar
    timezone: Europe/Lisbon
    languages: [pt, en]
    facts: facts.md
plugins:
  cellar:
  desk: {}
"""


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """A function that reads a YAML text, with some plugins installed and a facts file beside it."""
    (tmp_path / "config_test_plugins.py").write_text(PLUGINS)
    (tmp_path / "config_test_broken.py").write_text("raise RuntimeError('the roof is leaking')")
    monkeypatch.syspath_prepend(tmp_path)
    classes = {
        "desk": "config_test_plugins:Desk",
        "cellar": "config_test_plugins:Cellar",
        "attic": "config_test_plugins:Attic",
        "broken": "config_test_broken:Broken",
        "nothing": "config_test_plugins:NoPlugin",
    }
    points = {name: EntryPoint(name, value, "innbox.plugins") for name, value in classes.items()}
    monkeypatch.setattr("innbox.config.installed", lambda: points)
    (tmp_path / "facts.md").write_text("## Pool\n\nOn the roof.\n", encoding="utf-8")

    def load_text(text: str, environ: Mapping[str, str] | None = None) -> Config:
        path = tmp_path / "hotel.yaml"
        path.write_text(text, encoding="utf-8")
        return load_config(path, environ or {})

    return load_text


def faults_of(load: Load, text: str, environ: Mapping[str, str] | None = None) -> list[tuple[int, str, str]]:
    """Return the faults of a text as (line, key, what)."""
    with pytest.raises(ConfigError) as raised:
        load(text, environ)
    return [(line_of(fault), fault.key, fault.what) for fault in raised.value.faults]


def line_of(fault: Fault) -> int:
    return int(fault.where.rpartition(":")[2])


def with_line(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


# what is read


def test_a_whole_file(load: Load) -> None:
    config = load(GOOD)

    assert config.public_url == "https://inbox.hotel.example"
    assert config.secret_key.get_secret_value() == "a-key-of-more-than-sixteen"
    assert config.queue is None
    assert (config.turns.wait_seconds, config.turns.wait_at_most_seconds) == (1.5, 6)
    assert config.trusted_proxies == ("127.0.0.1",)
    assert (config.logs.level, config.metrics.public) == ("info", False)
    hotel = config.hotels["miramar"]
    assert (hotel.slug, hotel.name, hotel.languages, hotel.bot) == ("miramar", "Hotel Miramar", ("pt", "en"), True)
    assert hotel.facts == "## Pool\n\nOn the roof.\n"
    assert hotel.facts_path is not None
    assert hotel.facts_path.name == "facts.md"


def test_plugins_keep_the_order_of_the_file_and_have_their_settings(load: Load) -> None:
    config = load(with_line("desk: {}", "desk: {colour: red, size: 3}"))

    assert list(config.plugins) == ["cellar", "desk"]
    desk = config.plugins["desk"]
    assert (desk.name, desk.cls.__name__) == ("desk", "Desk")
    assert desk.settings.model_dump(include={"colour", "size"}) == {"colour": "red", "size": 3}


@pytest.mark.parametrize("off", ["false", "no", "off", "False"])
def test_a_plugin_that_is_switched_off_need_not_be_right(load: Load, off: str) -> None:
    text = GOOD + f"  attic: {{enabled: {off}, key: '${{NOT_SET}}'}}\n  unheard_of: {{enabled: {off}}}\n"

    assert list(load(text).plugins) == ["cellar", "desk"]


def test_a_plugin_that_is_switched_on_has_no_setting_enabled(load: Load) -> None:
    assert list(load(with_line("desk: {}", "desk: {enabled: true}")).plugins) == ["cellar", "desk"]


@pytest.mark.parametrize(
    ("written", "key"), [("", None), ("queue: {slots: 5}\n", None), ("queue: {url: '${REDIS}'}\n", "redis://host/0")]
)
def test_a_queue_is_one_with_a_url(load: Load, written: str, key: str | None) -> None:
    config = load(GOOD + written, {"REDIS": "redis://host/0"})

    assert (config.queue.url if config.queue else None) == key


def test_a_queues_url_stays_out_of_its_repr(load: Load) -> None:
    config = load(GOOD + "queue: {url: 'redis://:wine-cellar@host/0'}\n")

    assert "wine-cellar" not in repr(config)
    assert "more-than-sixteen" not in repr(config)


@pytest.mark.parametrize(
    ("written", "environ", "read"),
    [
        ("${COLOUR}", {"COLOUR": "green"}, "green"),
        ("${COLOUR:-red}", {"COLOUR": "green"}, "green"),
        ("${COLOUR:-red}", {}, "red"),
        ("${COLOUR:-red}", {"COLOUR": ""}, "red"),
        ("'${COLOUR:-}'", {}, ""),
        ("a${A}${B}", {"A": "1", "B": "${C}"}, "a1${C}"),
        ("$${COLOUR}", {}, "${COLOUR}"),
        ("$COLOUR", {}, "$COLOUR"),
        ("${COLOUR}", {"COLOUR": "0123"}, "0123"),
    ],
)
def test_variables(load: Load, written: str, environ: dict[str, str], read: str) -> None:
    config = load(with_line("desk: {}", f'desk: {{colour: "{written.strip(chr(39))}"}}'), environ)

    assert config.plugins["desk"].settings.model_dump()["colour"] == read


def test_numbers_and_switches_may_come_from_the_environment(load: Load) -> None:
    environ = {"SIZE": "7", "LOUD": "true", "RATIO": "0.25", "NUMBER": "+14155238886"}
    text = "desk: {size: '${SIZE}', loud: '${LOUD}', ratio: '${RATIO}', numbers: {'${NUMBER}': miramar}}"

    settings = load(with_line("desk: {}", text), environ).plugins["desk"].settings.model_dump()

    assert (settings["size"], settings["loud"], settings["ratio"]) == (7, True, 0.25)
    assert settings["numbers"] == {"+14155238886": "miramar"}


def test_an_empty_variable_means_that_nothing_is_given(load: Load) -> None:
    config = load(GOOD + "metrics:\n  token: ${TOKEN:-}\n")

    assert config.metrics.token is None


def test_a_phone_number_as_a_key_needs_no_quotes(load: Load) -> None:
    text = with_line("desk: {}", "desk: {numbers: {+14155238886: miramar}}")

    assert load(text).plugins["desk"].settings.model_dump()["numbers"] == {"+14155238886": "miramar"}


def test_norway_is_a_language(load: Load) -> None:
    assert load(with_line("[pt, en]", "[no, en]")).hotels["miramar"].languages == ("no", "en")


def test_a_part_may_be_written_once_and_used_twice(load: Load) -> None:
    text = with_line("languages: [pt, en]", "languages: &ours [pt, en]").replace(
        "plugins:\n", "  palace: {name: P, timezone: Europe/Paris, languages: *ours, facts: facts.md}\nplugins:\n"
    )

    assert load(text).hotels["palace"].languages == ("pt", "en")


def test_a_files_byte_order_mark_is_no_trouble(load: Load) -> None:
    assert load("\ufeff" + GOOD).hotels


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("urgent:", ()),
        ("urgent: {words: [maré alta, Brandgeruch]}", ("maré alta", "Brandgeruch")),
        ("urgent: {words: {pt: [maré alta], de: [Brandgeruch]}}", ("maré alta", "Brandgeruch")),
    ],
)
def test_a_hotel_may_add_words_of_danger(load: Load, written: str, words: tuple[str, ...]) -> None:
    urgent = load(with_line("    name", f"    {written}\n    name")).hotels["miramar"].urgent

    assert (urgent.enabled, urgent.words, urgent.on_call, urgent.ring_seconds) == (True, words, (), 120)


@pytest.mark.parametrize("name", ["demo.yaml", "hotel.yaml"])
def test_our_own_files_have_no_fault(name: str) -> None:
    environ = {
        "PUBLIC_URL": "https://inbox.hotel.example",
        "INNBOX_SECRET_KEY": "a-key-of-more-than-sixteen",
        "REDIS_URL": "redis://localhost/0",
        "DATABASE_URL": "postgresql://localhost/innbox",
        "OPENAI_API_KEY": "sk-test",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "0" * 32,
    }
    config = load_config(ROOT / "config" / name, environ)

    assert "Breakfast is served" in config.hotels["miramar"].facts
    assert next(iter(config.plugins)) in ("sqlite_store", "postgres_store")


# what is wrong, one by one

FAULTS: list[tuple[str, str, str, int, str, str]] = [
    # what, old, new, line, key, part of the sentence
    ("unknown key", "public_url: https:", "public_ulr: https:", 1, "public_ulr", "did you mean public_url?"),
    ("far unknown key", "public_url: https:", "x: https:", 1, "x", "is not a setting of Innbox; remove it (there are"),
    ("missing key", "secret_key: a-key-of-more-than-sixteen\n", "", 1, "secret_key", "is missing; add it"),
    ("short key", "a-key-of-more-than-sixteen", "short", 2, "secret_key", "shorter than 16 characters; make one with"),
    ("empty key", "a-key-of-more-than-sixteen", "", 2, "secret_key", "must be a text"),
    ("a path in the URL", "example/", "example/inbox", 1, "public_url", "scheme and host alone"),
    ("a URL of another scheme", "https:", "ftp:", 1, "public_url", "scheme and host alone"),
    ("no URL", "https://inbox.hotel.example/", "inbox", 1, "public_url", "scheme and host alone"),
    ("a password in the URL", "https://", "https://me:secret@", 1, "public_url", "scheme and host alone"),
    ("no port", "example/", "example:port", 1, "public_url", "scheme and host alone"),
    ("hotel's slug", "  miramar:", "  Mira Mar:", 4, "hotels.Mira Mar", "small letters"),
    ("hotel's zone", "Europe/Lisbon", "Lisbon", 6, "hotels.miramar.timezone", "IANA name"),
    ("zone outside", "Europe/Lisbon", "../../etc/passwd", 6, "hotels.miramar.timezone", "IANA name"),
    ("no language", "[pt, en]", "[]", 7, "hotels.miramar.languages", "at least one language"),
    ("a text of languages", "[pt, en]", "pt", 7, "hotels.miramar.languages", "must be a list"),
    ("a long language", "[pt, en]", "[pt-PT]", 7, "hotels.miramar.languages", "two small letters"),
    ("no facts", "    facts: facts.md\n", "", 4, "hotels.miramar.facts", "is missing"),
    ("facts away", "facts.md", "away.md", 8, "hotels.miramar.facts", "away.md cannot be used: there is no such file"),
    ("facts a folder", "facts.md", ".", 8, "hotels.miramar.facts", "is a folder"),
    ("unknown key of a hotel", "name: H", "nmae: H", 5, "hotels.miramar.nmae", "did you mean name?"),
    ("a slug of its own", "    name", "    slug: x\n    name", 5, "hotels.miramar.slug", "is not a setting of a hotel"),
    ("prompts away", "    name", "    prompts: p\n    name", 5, "hotels.miramar.prompts", "there is no folder"),
    ("a domain with a path", "    name", "    domains: [a.b/c]\n    name", 5, "hotels.miramar.domains", "host names"),
    ("urgent of text", "    name", "    urgent: loud\n    name", 5, "hotels.miramar.urgent", "lines of `key: value`"),
    (
        "unknown key of urgent",
        "    name",
        "    urgent: {on_cal: [ana]}\n    name",
        5,
        "hotels.miramar.urgent.on_cal",
        "did you mean on_call?",
    ),
    (
        "a word of danger",
        "    name",
        "    urgent: {words: fogo}\n    name",
        5,
        "hotels.miramar.urgent.words",
        "must be a list such as [fogo]",
    ),
    (
        "no word of danger",
        "    name",
        "    urgent: {words: ['!']}\n    name",
        5,
        "hotels.miramar.urgent.words",
        "is no phrase",
    ),
    (
        "danger in a long language",
        "    name",
        "    urgent: {words: {portuguese: [fogo]}}\n    name",
        5,
        "hotels.miramar.urgent.words",
        "two small letters",
    ),
    (
        "danger in no list",
        "    name",
        "    urgent: {words: {pt: fogo}}\n    name",
        5,
        "hotels.miramar.urgent.words",
        "{pt: [fogo]}",
    ),
    (
        "on call alone",
        "    name",
        "    urgent: {on_call: ana}\n    name",
        5,
        "hotels.miramar.urgent.on_call",
        "must be a list",
    ),
    (
        "a short ring",
        "    name",
        "    urgent: {ring_seconds: 1}\n    name",
        5,
        "hotels.miramar.urgent.ring_seconds",
        "must be 5",
    ),
    (
        "a long language of staff",
        "    name",
        "    staff_language: english\n    name",
        5,
        "hotels.miramar.staff_language",
        "two small letters",
    ),
    ("a hotel of text", "  miramar:\n", "  palace: grand\n  miramar:\n", 4, "hotels.palace", "lines of `key: value`"),
    ("unknown plugin", "  desk: {}", "  dsek: {}", 11, "plugins.dsek", "did you mean desk?"),
    ("far unknown plugin", "  desk: {}", "  zzz: {}", 11, "plugins.zzz", "Installed: attic, broken, cellar"),
    ("broken plugin", "  desk: {}", "  broken: {}", 11, "plugins.broken", "the roof is leaking"),
    ("no plugin", "  desk: {}", "  nothing: {}", 11, "plugins.nothing", "is not a subclass of innbox.Plugin"),
    ("two stores", "  desk: {}", "  desk: {}\n  attic: {}", 12, "plugins.attic", "cellar and attic both bring a store"),
    ("no store", "  cellar:\n", "", 9, "plugins", "holds no store"),
    ("no channel", "  desk: {}\n", "", 9, "plugins", "holds no channel"),
    ("a list of plugins", "  cellar:\n  desk: {}", "  - cellar", 9, "plugins", "lines of `name: {…}`"),
    ("plugin of text", "desk: {}", "desk: yes please", 11, "plugins.desk", "lines of `key: value`"),
    ("enabled of text", "desk: {}", "desk: {enabled: maybe}", 11, "plugins.desk.enabled", "true or false"),
    ("unknown setting", "desk: {}", "desk: {color: red}", 11, "plugins.desk.color", "did you mean colour?"),
    ("no settings at all", "cellar:", "cellar: {path: x}", 10, "plugins.cellar.path", "which has none; remove it"),
    ("no whole number", "desk: {}", "desk: {size: big}", 11, "plugins.desk.size", "whole number"),
    ("too small", "desk: {}", "desk: {size: 0}", 11, "plugins.desk.size", "must be 1 or more; raise it"),
    ("no number", "desk: {}", "desk: {ratio: half}", 11, "plugins.desk.ratio", "must be a number"),
    ("no switch", "desk: {}", "desk: {loud: maybe}", 11, "plugins.desk.loud", "true or false"),
    ("no text", "desk: {}", "desk: {colour: 7}", 11, "plugins.desk.colour", "must be a text"),
    ("a long text", "desk: {}", "desk: {colour: 'a rather long one'}", 11, "plugins.desk.colour", "at most 10"),
    ("no list", "desk: {}", "desk: {words: one}", 11, "plugins.desk.words", "must be a list"),
    ("in a list", "desk: {}", "desk:\n    words:\n      - a\n      - 7", 14, "plugins.desk.words.1", "must be a text"),
    ("in a mapping", "desk: {}", "desk: {numbers: {'+1': 2}}", 11, "plugins.desk.numbers.+1", "must be a text"),
    ("missing inside", "desk: {}", "desk: {hours: {}}", 11, "plugins.desk.hours.begin", "is missing"),
    ("unknown inside", "desk: {}", "desk: {hours: {begin: 1, edn: 2}}", 11, "plugins.desk.hours.edn", "mean end?"),
    ("one of two", "desk: {}", "desk: {either: [1]}", 11, "plugins.desk.either", "must be"),
    (
        "a key twice",
        "  desk: {}",
        "  desk: {}\n  desk: {}",
        12,
        "plugins.desk",
        "given twice, first on line 11; keep one",
    ),
    ("a level", "plugins:", "logs: {level: loud}\nplugins:", 9, "logs.level", "'debug', 'info', 'warning' or 'error'"),
    ("a queue of http", "plugins:", "queue: {url: 'http://x'}\nplugins:", 9, "queue.url", "redis://localhost"),
    ("slots", "plugins:", "queue: {url: redis://x, slots: 0}\nplugins:", 9, "queue.slots", "1 or more"),
    ("a wait below zero", "plugins:", "turns: {wait_seconds: -1}\nplugins:", 9, "turns.wait_seconds", "0 or more"),
    (
        "waits the wrong way round",
        "plugins:",
        "turns:\n  wait_seconds: 10\nplugins:",
        9,
        "turns.wait_at_most_seconds",
        "at least turns.wait_seconds, which is 10",
    ),
    ("endless wait", "plugins:", "turns: {wait_seconds: .inf}\nplugins:", 9, "turns.wait_seconds", "a number"),
    ("a proxy's name", "plugins:", "trusted_proxies: [proxy]\nplugins:", 9, "trusted_proxies", "10.0.0.0/8"),
    ("a tag", "desk: {}", "desk:\n    key: !secret x", 12, "plugins.desk.key", "begins with `!`"),
    ("no name in braces", "desk: {}", "desk: {key: '${}'}", 11, "plugins.desk.key", "holds `${` that is no `${NAME}`"),
    ("itself", "desk: {}", "desk: &me {words: *me}", 11, "plugins.desk.words", "refers to itself"),
]


@pytest.mark.parametrize(("old", "new", "line", "key", "what"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_fault_names_line_key_and_fix(load: Load, old: str, new: str, line: int, key: str, what: str) -> None:
    found = faults_of(load, with_line(old, new))

    assert [(at, where) for at, where, _ in found if where == key] == [(line, key)], found
    assert what in next(sentence for _, where, sentence in found if where == key)
    assert all("is missing" in sentence for _, where, sentence in found if where != key), found


@pytest.mark.parametrize("written", ["hotels: {}", "hotels:"])
def test_there_must_be_a_hotel(load: Load, written: str) -> None:
    before, _, after = GOOD.partition("hotels:\n")

    ((line, key, what),) = faults_of(load, f"{before}{written}\n{after[after.index('plugins:') :]}")

    assert (line, key) == (3, "hotels")
    assert "holds no hotel; add one" in what


# what is wrong, all at once


def test_everything_is_told_at_once_from_top_to_end(load: Load) -> None:
    text = (
        GOOD.replace("https://inbox.hotel.example/", "${PUBLIC}")
        .replace("a-key-of-more-than-sixteen", "${SECRET}")
        .replace("Europe/Lisbon", "Lisbon")
        .replace("desk: {}", "desk: {color: red, size: big}\n  zzz:")
    )

    found = faults_of(load, text)

    assert [(line, key) for line, key, _ in found] == [
        (1, "public_url"),
        (2, "secret_key"),
        (6, "hotels.miramar.timezone"),
        (11, "plugins.desk.color"),
        (11, "plugins.desk.size"),
        (12, "plugins.zzz"),
    ]
    assert "PUBLIC is not set" in found[0][2]
    assert "SECRET is not set" in found[1][2]


def test_the_text_of_the_error_is_one_line_a_fault(load: Load) -> None:
    with pytest.raises(ConfigError) as raised:
        load(GOOD.replace("Lisbon", "Nowhere").replace("desk: {}", "desk: {size: 0}"))

    first, second = str(raised.value).splitlines()
    assert first.endswith(
        "hotel.yaml:6: hotels.miramar.timezone: is no time zone; write an IANA name such as Europe/Lisbon"
    )
    assert second.endswith("hotel.yaml:11: plugins.desk.size: must be 1 or more; raise it")


def test_a_missing_variable_is_one_fault(load: Load) -> None:
    found = faults_of(load, GOOD.replace("desk: {}", "desk: {size: '${SIZE}', key: 'sk-${A}-${B}'}"))

    assert [(key, what.partition(";")[0]) for _, key, what in found] == [
        ("plugins.desk.key", "the environment variable A is not set"),
        ("plugins.desk.key", "the environment variable B is not set"),
        ("plugins.desk.size", "the environment variable SIZE is not set"),
    ]


@pytest.mark.parametrize(
    "settings",
    [
        "{key: '${SECRET}'}",
        "{size: '${SECRET}'}",
        "{colour: '${SECRET}'}",
        "{numbers: {a: ['${SECRET}']}}",
        "{hours: '${SECRET}'}",
        "{either: {a: '${SECRET}'}}",
    ],
)
def test_no_fault_shows_a_secret(load: Load, settings: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(with_line("desk: {}", f"desk: {settings}"), {"SECRET": "wine-cellar-at-midnight"})

    assert "wine-cellar" not in str(raised.value)
    assert "midnight" not in str(raised.value)


@pytest.mark.parametrize("value", ["*wine-cellar", "!wine-cellar", "[wine-cellar", "'wine-cellar", '"wine\\cellar"'])
def test_no_fault_of_syntax_shows_a_secret(load: Load, value: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(with_line("a-key-of-more-than-sixteen", value))

    assert "cellar" not in str(raised.value)


def test_a_broken_plugins_error_is_the_cause(load: Load) -> None:
    with pytest.raises(ConfigError) as raised:
        load(with_line("desk: {}", "broken: {}"))

    assert raised.value.__cause__ is not None
    assert isinstance(raised.value.__cause__.__cause__, RuntimeError)


# files that are none


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "the file is empty"),
        ("# only a comment\n\n", 1, "the file is empty"),
        ("public_url: x\n\thotels: y\n", 2, "indented with a tab"),
        ("hotels:\n\tmiramar: x\n", 2, "indented with a tab"),
        ("a: b: c\n", 1, "a colon too many"),
        ("a: 'b\nc: d\n", 3, "never closed"),
        ("a: [b\nc: d\n", 2, "not closed"),
        ("a:\n  - b\n c: d\n", 3, "not in line"),
        ("a: b\nnonsense\n", 3, "not `key: value`"),
        ("a: *b\n", 1, "put the value in quotes"),
        ("a: @b\n", 1, "in quotes"),
        ("a: {b: ${NAME}}\n", 1, 'needs quotes around "${NAME}"'),
        ("a: {b: !c}\n", 1, "begins with `!`"),
        ('a: "\\q"\n', 1, "backslash"),
        ("a: b\n---\nc: d\n", 2, "second document"),
        ("a: b\x00\n", 1, "control character"),
        ("- a\n- b\n", 1, "must be made of lines such as"),
        ("just words\n", 1, "must be made of lines such as"),
    ],
)
def test_a_text_that_is_no_configuration(load: Load, text: str, line: int, what: str) -> None:
    ((found_line, key, found),) = faults_of(load, text)

    assert (found_line, key) == (line, "")
    assert what in found


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: there is no such file"):
        load_config(tmp_path / "nowhere.yaml", {})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder; name the file in it"):
        load_config(tmp_path, {})


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "hotel.yaml"
    path.write_bytes(b"a: b\nname: S\xe3o Bento\n")

    with pytest.raises(ConfigError, match=r"hotel\.yaml:2: is not UTF-8 text here"):
        load_config(path, {})


# the settings themselves


@pytest.mark.parametrize("model", [Config, Queue, Hotel, Turns, Metrics, Logs])
def test_every_setting_is_described(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
