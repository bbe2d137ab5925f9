"""A limit on how fast one socket may speak."""

import time
from collections.abc import Callable


class Bucket:
    """A token bucket: `burst` at once, and `rate` a second for as long as one likes."""

    def __init__(self, rate: float = 30, burst: float = 60, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._left = burst
        self._at = clock()

    def take(self) -> bool:
        """Take a token; False where there is none."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
