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
    """What the proofs showed, by their names; the soak runs beside the others."""
    folder = tmp_path_factory.mktemp("chaos")
    chaos = [sys.executable, "-m", "innbox.testing.chaos", "--short", "--warm", "--at-once", "8"]
    soak = [sys.executable, "-m", "innbox.testing.chaos.soak", "--minutes", "0.25", "--json", str(folder / "soak.json")]
    with subprocess.Popen(soak, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as soaking:
        done = subprocess.run(
            [*chaos, "--json", str(folder / "proofs.json"), "--only", *PROOFS, *BROKEN],
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        said, _ = soaking.communicate(timeout=SECONDS)
    assert (folder / "proofs.json").exists(), done.stdout + done.stderr
    assert (folder / "soak.json").exists(), said
    found = [json.loads((folder / name).read_text())["results"] for name in ("proofs.json", "soak.json")]
    return {result["name"]: result for results in found for result in results}


@pytest.mark.timeout(SECONDS + 30)
@pytest.mark.parametrize("name", [*sorted(PROOFS), "soak"])
def test_a_promise_holds(results: Results, name: str) -> None:
    result = results[name]

    assert result["faults"] == [], result


@pytest.mark.timeout(SECONDS + 30)
def test_a_house_that_repeats_doubtful_sends_is_caught(results: Results) -> None:
    result = results["broken"]

    assert result["count"]["twice"] > 0, result
    assert not result["holds"]
