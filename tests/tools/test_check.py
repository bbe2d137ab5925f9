"""`make check` runs everything, in lanes side by side, and says what failed."""

import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tool() -> ModuleType:
    spec = spec_from_file_location("check", ROOT / "tools" / "check.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_all_clean(tool: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(tool, "lanes", lambda: [[tool.Check("one", python("print('hidden')"))]])

    assert tool.main() == 0

    said = capsys.readouterr().out
    assert "check: all clean" in said
    assert "hidden" not in said


def test_what_fails_is_told_and_the_rest_runs_all_the_same(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, fine = (
        tool.Check("broken", python("import sys; sys.exit('line 7 is wrong')")),
        tool.Check("fine", python("")),
    )
    monkeypatch.setattr(tool, "lanes", lambda: [[broken, fine]])

    assert tool.main() == 1

    said = capsys.readouterr().out
    assert "line 7 is wrong" in said
    assert "fine            ok" in said
    assert said.endswith("check: failed: broken\n")


def test_lanes_run_side_by_side_and_each_in_order(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # The first of a lane ends only when that of the other lane has begun; the second of the lane comes after it.
    wait = (
        "import pathlib, sys, time\nme, other = map(pathlib.Path, sys.argv[1:])\nme.touch()\nend = time.time() + 20\n"
    )
    wait += "while not other.exists(): assert time.time() < end; time.sleep(0.01)"
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    after = python(f"import pathlib; assert pathlib.Path({a!r}).exists()")
    lanes = [
        [tool.Check("a", [*python(wait), a, b]), tool.Check("after a", after)],
        [tool.Check("b", [*python(wait), b, a])],
    ]
    monkeypatch.setattr(tool, "lanes", lambda: lanes)
    started = time.monotonic()

    assert tool.main() == 0

    assert time.monotonic() - started < 20


def test_everything_of_the_house_is_checked(tool: ModuleType) -> None:
    names = {check.name for lane in tool.lanes() for check in lane}

    assert names == {
        "lint",
        "format",
        "types",
        "types of tests",
        "types of examples",
        "pages",
        "settings",
        "architecture",
        "secrets",
        "dependencies",
    }
