"""A YAML file as plain data that remembers the line of every key, with `${NAME}` read from the environment.

PyYAML's nodes are used rather than its constructors, for three reasons: a key given twice must not vanish, a language
`no` must not become False, and a fault must know its line.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from innbox.errors import ConfigError, Fault

KeyPath = tuple[str | int, ...]

MISSING_VARIABLE = ""  # stands for a variable that is not set; faults about its key alone are left out

_VARIABLE = re.compile(
    r"(?P<escaped>\$\$\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<or_else>:-(?P<default>[^}]*))?\}|(?P<broken>\$\{)"
)
MOST_VALUES = 10_000
_SHORTEST_SECRET = 4  # masking shorter texts would garble sentences and hide nothing


class _Loader(yaml.SafeLoader):
    """Scalars of the YAML 1.2 core schema only: `no`, `on` and `12:30` stay texts."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own shape


for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?[0-9]+$", list("-+0123456789")),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


@dataclass
class Tree:
    """A YAML file's data, the line of every key, and the faults found so far.

    `expanded` are the values that came from the environment: they may be secrets.
    """

    file: str
    data: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    faults: list[tuple[KeyPath, Fault]] = field(default_factory=list)
    expanded: set[str] = field(default_factory=set)

    def line(self, path: KeyPath) -> int:
        """Return the line of a key, or of the nearest thing around it that is in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(self, path: KeyPath, what: str, line: int | None = None) -> None:
        """Note that something is wrong at a key."""
        at = f"{self.file}:{line or self.line(path)}"
        self.faults.append((path, Fault(at, ".".join(map(str, path)), what)))

    def touches_fault(self, path: KeyPath) -> bool:
        """Say whether something at, above or below a key is known to be wrong, so that more words would not help."""
        return any(path[: len(bad)] == bad or bad[: len(path)] == path for bad, _ in self.faults)

    def forgive(self, path: KeyPath) -> None:
        """Drop the faults at and below a key: what is switched off need not be right."""
        self.faults = [(bad, fault) for bad, fault in self.faults if bad[: len(path)] != path]

    def sorted_faults(self) -> list[Fault]:
        """Return the faults from the top of the file to its end, each once."""
        unique = dict.fromkeys(fault for _, fault in self.faults)
        return sorted(unique, key=lambda fault: (int(fault.where.rpartition(":")[2]), fault.key))

    def masked(self, text: str) -> str:
        """Return somebody else's words without the values that came from the environment."""
        for secret in sorted(self.expanded, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def read_tree(path: Path, environ: Mapping[str, str]) -> Tree:
    """Read a YAML file. Raises `ConfigError` where it cannot be read or parsed at all."""
    return parse_tree(read_text(path), str(path), environ)


def read_text(path: Path) -> str:
    """Return a file's text; raise `ConfigError` saying in plain words why it cannot be had."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError([Fault(str(path), "", why_unreadable(error))]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError([Fault(f"{path}:{line}", "", "is not UTF-8 text here; save the file as UTF-8")]) from error


def why_unreadable(error: OSError) -> str:
    """Return why a file cannot be read, with the fix."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file; check the path, or create the file"
    if isinstance(error, IsADirectoryError):
        return "is a folder; name the file in it"
    if isinstance(error, PermissionError):
        return "may not be read; check the file's permissions"
    return f"cannot be read: {error.strerror or error}"


def parse_tree(text: str, file: str, environ: Mapping[str, str]) -> Tree:
    """Parse YAML text. `file` is the name that faults show."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise _syntax_fault(file, line, "holds a control character; remove it") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _syntax_fault(file, mark.line + 1 if mark else 1, _syntax_sentence(error, text)) from error
    except RecursionError as error:
        raise _syntax_fault(file, 1, "nests lists or mappings hundreds deep; write it flatter") from error
    if root is None:
        raise ConfigError([Fault(f"{file}:1", "", "the file is empty; start from config/hotel.yaml")])
    tree = Tree(file)
    tree.lines[()] = root.start_mark.line + 1
    tree.data = _Reader(tree, environ).value(root, ())
    if not isinstance(tree.data, dict):
        what = "must be made of lines such as `public_url: https://inbox.hotel.example`"
        raise ConfigError([*tree.sorted_faults(), Fault(f"{file}:{tree.line(())}", "", what)])
    return tree


def _syntax_fault(file: str, line: int, what: str) -> ConfigError:
    return ConfigError([Fault(f"{file}:{line}", "", what)])


def _syntax_sentence(error: yaml.MarkedYAMLError, text: str) -> str:
    """Say what is wrong with the syntax. PyYAML's own words may quote the file, and so a secret: only some are kept."""
    problem = error.problem or ""
    mark = error.problem_mark
    line = text.split("\n")[mark.line] if mark and mark.line < len(text.split("\n")) else ""
    if r"'\t'" in problem or "\t" in line[: len(line) - len(line.lstrip())]:
        return "is indented with a tab; YAML takes spaces only"
    if "${" in line and "flow" in (error.context or ""):
        return 'needs quotes around "${NAME}" between brackets'
    for start, sentence in _SYNTAX.items():
        if problem.startswith(start) or (error.context or "").startswith(start):
            return sentence
    return "is not valid YAML; check the quotes, brackets and indentation here and on the line above"


_SYNTAX = {
    "mapping values are not allowed here": "has a colon too many; put the value in quotes, or check the line above",
    "could not find expected ':'": "is not `key: value`; a colon followed by a space is missing",
    "found undefined alias": "begins with `*`, which names an anchor that is not there; put the value in quotes",
    "while scanning a tag": "begins with `!`, which is a YAML tag; put the value in quotes",
    "found character": "begins with a character that must stand in quotes; write the value in quotes",
    "found unexpected end of stream": "a quote is opened and never closed; close it",
    "found unknown escape character": "holds a backslash in double quotes; use single quotes",
    "expected <block end>": "is not in line with the lines above; check the indentation",
    "expected ',' or": "a bracket is opened and not closed, or a comma is missing",
    "but found another document": "a second document begins here (`---`); keep one",
}


class _Reader:
    """Turns nodes into data, noting lines and faults on the way."""

    def __init__(self, tree: Tree, environ: Mapping[str, str]) -> None:
        self._tree = tree
        self._environ = environ
        self._open: list[yaml.Node] = []
        self._read = 0

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self._read += 1
        if self._read > MOST_VALUES:  # a few lines of aliases can stand for billions
            what = f"holds more than {MOST_VALUES} values, with what `*` repeats; write fewer"
            raise _syntax_fault(self._tree.file, _line(node), what)
        if any(node is one for one in self._open):
            self._tree.fault(path, "refers to itself; write the value out", _line(node))
            return None
        self._open.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            if isinstance(node, yaml.SequenceNode):
                return self._list(node, path)
            return self._scalar(node, path)
        finally:
            self._open.pop()

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._tree.fault(path, "has a key that is no plain text; put it in quotes", _line(key_node))
                continue
            key = self._expand(key_node.value, path, _line(key_node))
            here = (*path, key)
            if key in found:
                first = self._tree.lines[here]
                self._tree.fault(here, f"is given twice, first on line {first}; keep one", _line(key_node))
                continue
            self._tree.lines[here] = _line(key_node)
            found[key] = self.value(value_node, here)
        return found

    def _list(self, node: yaml.SequenceNode, path: KeyPath) -> list[Any]:
        items = []
        for index, item in enumerate(node.value):
            self._tree.lines[(*path, index)] = _line(item)
            items.append(self.value(item, (*path, index)))
        return items

    def _scalar(self, node: yaml.Node, path: KeyPath) -> Any:
        text: str = node.value
        if not node.tag.startswith("tag:yaml.org,2002:"):
            self._tree.fault(path, "begins with `!`, which is a YAML tag; put the value in quotes", _line(node))
            return text
        expanded = self._expand(text, path, _line(node))
        if expanded != text:  # stays text: a password of digits must not become a number
            plain = isinstance(node, yaml.ScalarNode) and node.style is None
            return None if plain and expanded == "" else expanded
        return _resolved(node.tag.rpartition(":")[2], text)

    def _expand(self, text: str, path: KeyPath, line: int) -> str:
        if "${" not in text:
            return text

        def one(found: re.Match[str]) -> str:
            if found["escaped"]:
                return "${"
            if found["broken"]:
                self._tree.fault(path, "holds `${` that is no `${NAME}`; write `$${` for the characters alone", line)
                return MISSING_VARIABLE
            return self._variable(found, path, line)

        return _VARIABLE.sub(one, text)

    def _variable(self, found: re.Match[str], path: KeyPath, line: int) -> str:
        value = self._environ.get(found["name"], "")
        if value:
            if len(value) >= _SHORTEST_SECRET:
                self._tree.expanded.add(value)
            return value
        if found["or_else"] is None:
            what = f"the environment variable {found['name']} is not set; set it, or write `${{{found['name']}:-…}}`"
            self._tree.fault(path, what, line)
            return MISSING_VARIABLE
        return found["default"] or ""


def _resolved(kind: str, text: str) -> Any:
    match kind:
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text)
        case "float":
            return float(text)
        case _:
            return text


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
