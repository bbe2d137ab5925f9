"""What a process has loaded is not looked through again by the collector of cycles."""

import subprocess
import sys

SETTLED = """
import gc
from innbox.collecting import settle_memory
settle_memory()
loaded, looked_at = gc.get_freeze_count(), len(gc.get_objects())
class Cycle: pass
for _ in range(50_000):
    one = Cycle(); one.itself = one
print(loaded > 10 * looked_at, gc.get_count()[0] < 20_000, sum(found["collected"] for found in gc.get_stats()) > 20_000)
"""


def test_what_is_loaded_stays_and_what_comes_later_is_still_collected() -> None:
    said = subprocess.run([sys.executable, "-c", SETTLED], capture_output=True, text=True, check=True)

    assert said.stdout.split() == ["True"] * 3
