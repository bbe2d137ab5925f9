"""Writes new plugin packages from the templates beside this file.

`NAME` in a template's path is the plugin's name; in its text `<<name>>` is the same, and `<<Name>>` begins the names of
classes. Files of the folder `common` go into every package.
"""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from innbox.errors import Conflict, Refused

KINDS = ("channel", "llm", "store", "tool")
LONGEST_NAME = 30  # of a channel, by its contract

_TEMPLATES = Path(__file__).parent / "templates"
_SUFFIX = ".j2"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def write_package(name: str, kind: str, folder: Path) -> list[Path]:
    """Write a package of a kind into a folder that is new or empty, and return the files written.

    Raises `Refused` for a name that cannot be one, and `Conflict` where something is in the folder already.
    """
    _check(name, folder)
    words = {"name": name, "Name": _class_name(name), "kind": kind, "distribution": f"innbox-{name.replace('_', '-')}"}
    written = []
    for source in (_TEMPLATES / "common", _TEMPLATES / kind):
        environment = _environment(source)
        for template in sorted(source.rglob(f"*{_SUFFIX}")):
            relative = template.relative_to(source)
            target = folder / str(relative).removesuffix(_SUFFIX).replace("NAME", name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(environment.get_template(relative.as_posix()).render(words), encoding="utf-8")
            written.append(target)
    return written


def _check(name: str, folder: Path) -> None:
    if not _NAME.fullmatch(name):
        raise Refused(f"{name!r} cannot name a plugin. Take small letters, digits and _, beginning with a letter.")
    if len(name) > LONGEST_NAME or name.endswith("_"):
        raise Refused(f"{name!r} cannot name a plugin. Take at most {LONGEST_NAME} characters, the last one no _.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} is there already and not empty. Take another name, or remove it.")


def _class_name(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_") if part)


def _environment(source: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(source),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Python and Markdown, no HTML
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
