"""The table of promises: a row for every proof, and figures that are those of the runs."""

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from innbox.testing.chaos.__main__ import PROOFS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tool, with a page of its own to write to."""
    spec = spec_from_file_location("reliability_table", ROOT / "tools" / "reliability_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    page = tmp_path / "reliability.md"
    page.write_text((ROOT / "docs" / "reliability.md").read_text())
    monkeypatch.setattr(module, "TARGET", page)
    return module


def run(path: Path, seed: int, **changed: Any) -> str:
    result = {
        "name": "4-random",
        "count": {"messages": 400, "replies": 390, "lost": 0, "twice": 0, "disorder": 0},
        "kills": 100,
        "resume": 10.0 + seed,
        "figures": {"cut after accepting": 20 + seed},
        "holds": True,
        **changed,
    }
    path.write_text(json.dumps({"seed": seed, "results": [result]}))
    return str(path)


def test_every_proof_has_its_row(tool: ModuleType) -> None:
    assert [row.proof for row in tool.ROWS if row.proof != "soak"] == sorted(
        PROOFS, key=lambda name: (int(name.split("-")[0]), [row.proof for row in tool.ROWS].index(name))
    )


def test_runs_are_added_up_and_the_worst_time_is_shown(tool: ModuleType, tmp_path: Path) -> None:
    files = [run(tmp_path / f"{seed}.json", seed) for seed in (1, 2)]

    assert tool.main(files) == 0

    page = tool.TARGET.read_text()
    (line,) = [line for line in page.splitlines() if line.startswith("| 4-random |")]
    assert "800 messages, 200 kills, **0 lost**, **0 twice**, 12.0 s at worst, cut after accepting: 22" in line
    assert "Seeds: 1, 2." in page
    assert f"| {tool.NOT_RUN} |" in page
    assert "## What remains" in page


def test_writing_it_again_changes_nothing(tool: ModuleType, tmp_path: Path) -> None:
    tool.main([run(tmp_path / "1.json", 1)])
    once = tool.TARGET.read_text()

    tool.main([run(tmp_path / "1.json", 1)])

    assert tool.TARGET.read_text() == once


def test_a_promise_that_does_not_hold_is_not_written_down(tool: ModuleType, tmp_path: Path) -> None:
    before = tool.TARGET.read_text()

    assert tool.main([run(tmp_path / "1.json", 1, holds=False)]) == 1
    assert tool.main([]) == 1

    assert tool.TARGET.read_text() == before
