"""The examples install and pass their tests, as they would for somebody who copies one."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(folder.parent for folder in (ROOT / "examples").glob("*/pyproject.toml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda folder: folder.name)
def test_an_example_passes_its_tests(example: Path, tmp_path: Path) -> None:
    project = tomllib.loads((example / "pyproject.toml").read_text())["project"]
    # What an installer leaves behind, so that the entry point is found.
    metadata = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    named = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (metadata / "METADATA").write_text(named)
    points = "\n".join(f"{name} = {at}" for name, at in project["entry-points"]["innbox.plugins"].items())
    (metadata / "entry_points.txt").write_text(f"[innbox.plugins]\n{points}\n")
    settings = tmp_path / "pytest.ini"
    settings.write_text("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(settings), str(example / "tests")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(example)))},
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_an_example_that_adds_to_the_desk() -> None:
    assert "stays" in [example.name for example in EXAMPLES]
