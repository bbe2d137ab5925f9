"""What is promised when things break, proved on real processes in small numbers; `make chaos` has the full ones.

The proofs run at once, in a process of their own: most of their time is spent waiting, for heartbeats to end and for
doubtful deliveries to be asked for.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from innbox.testing.chaos.__main__ import BROKEN, PROOFS

SECONDS = 300  # on a machine with other work to do

Results = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What the proofs showed, by their names."""
    figures = tmp_path_factory.mktemp("chaos") / "figures.json"
    command = [sys.executable, "-m", "innbox.testing.chaos", "--short", "--warm", "--at-once", "8"]
    done = subprocess.run(
        [*command, "--json", str(figures), "--only", *PROOFS, *BROKEN], capture_output=True, text=True, timeout=SECONDS
    )
    assert figures.exists(), done.stdout + done.stderr
    return {result["name"]: result for result in json.loads(figures.read_text())["results"]}


@pytest.mark.timeout(SECONDS + 30)
@pytest.mark.parametrize("name", sorted(PROOFS))
def test_a_promise_holds(results: Results, name: str) -> None:
    result = results[name]

    assert result["faults"] == [], result


@pytest.mark.timeout(SECONDS + 30)
def test_a_house_that_repeats_doubtful_sends_is_caught(results: Results) -> None:
    result = results["broken"]

    assert result["count"]["twice"] > 0, result
    assert not result["holds"]
