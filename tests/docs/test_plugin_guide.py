"""The plugin guide tells the truth: its files are written out, installed and tested as a reader would."""

import os
import re
import subprocess
import sys
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "plugins.md"
FILE = re.compile(r"<!-- file: (?P<name>\S+) -->\n```python\n(?P<text>.*?)```", re.DOTALL)
PLUGINS = {
    "quiet_hours": "innbox_quiet_hours:QuietHours",
    "parrot": "innbox_parrot:ParrotPlugin",
    "sunset": "innbox_sunset:Sunset",
    "postcard": "innbox_postcard:Postcard",
    "stays": "innbox_stays:Stays",
    "phrasebook": "innbox_phrasebook:PhrasebookPlugin",
}


def test_the_guides_plugins_install_and_pass_their_tests(tmp_path: Path) -> None:
    files = {found["name"]: found["text"] for found in FILE.finditer(GUIDE.read_text())}
    assert len(files) == 8
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    # What an installer leaves behind, so that the entry points are found.
    metadata = tmp_path / "guide-0.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: guide\nVersion: 0.1\n")
    points = "\n".join(f"{name} = {target}" for name, target in PLUGINS.items())
    (metadata / "entry_points.txt").write_text(f"[innbox.plugins]\n{points}\n")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    )

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout
