"""The process that breaks at a point: only where its own command says so."""

import signal
import subprocess
import sys
from pathlib import Path

from innbox.pipeline import points

ROOT = Path(__file__).parents[2]


def crashing(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, timeout=30, cwd=ROOT
    )


PROGRAM = """
import sys
from innbox.pipeline import points
from innbox.testing import crashing

def command(arguments):
    for name in arguments:
        points.reached(name)
        print(name, flush=True)
    return 0

crashing.innbox_main = command
sys.exit(crashing.main(sys.argv[1:]))
"""


def test_the_nth_pass_kills_the_process() -> None:
    done = crashing("turn.thought", "2", "--", "turn.claimed", "turn.thought", "turn.routed", "turn.thought", "x")

    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["turn.claimed", "turn.thought", "turn.routed"]


def test_other_points_harm_nothing() -> None:
    done = crashing("turn.thought", "1", "--", "turn.claimed", "delivery.sent")

    assert done.returncode == 0
    assert done.stdout.split() == ["turn.claimed", "delivery.sent"]


def test_a_point_that_does_not_exist_is_refused() -> None:
    done = crashing("turn.dreamt", "1", "--", "worker")

    assert done.returncode == 2


def test_every_point_is_passed_somewhere_in_the_pipeline() -> None:
    code = "".join(path.read_text() for path in (ROOT / "core" / "innbox" / "pipeline").glob("*.py"))

    for point in points.POINTS:
        assert code.count(f'points.reached("{point}")') == 1, point
