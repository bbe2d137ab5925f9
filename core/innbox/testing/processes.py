"""Real processes for tests: `innbox serve` and `innbox worker`, started, watched, stopped or killed by their id."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

START_SECONDS = 30.0
STOP_SECONDS = 30.0


class InnboxProcess:
    """One `innbox` command as a process in a group of its own, its output in a file."""

    def __init__(
        self, *arguments: str, log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        self.log = log
        self._cwd = cwd
        self._env = {**os.environ, **(env or {})}
        self._command = [sys.executable, "-m", "innbox", *arguments]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process; its output is appended to the log."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                env=self._env,
                cwd=self._cwd,
                start_new_session=True,
            )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group, if it still runs."""
        if self.running:
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """End the group at once, as a crash would."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(10)

    def stop(self) -> int:
        """Ask the process to end, wait for it, and return its exit code."""
        if self._process is None:
            return 0
        if self.running:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the process did not stop in {STOP_SECONDS} s:\n{self.tail()}") from None

    def tail(self, characters: int = 4000) -> str:
        """Return the end of the log."""
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""

    async def wait_for_log(self, text: str, seconds: float = START_SECONDS) -> None:
        """Wait until the log holds a text; an `AssertionError` shows the log where the process ends before."""
        await self._wait(lambda: text in self.tail(1_000_000), f"{text!r} in the log", seconds)

    async def wait_for_http(self, url: str, seconds: float = START_SECONDS) -> None:
        """Wait until a URL answers 200."""

        def answers() -> bool:
            try:
                with urllib.request.urlopen(url, timeout=2) as answer:
                    return bool(answer.status == 200)
            except OSError:
                return False

        await self._wait(answers, url, seconds)

    async def _wait(self, holds: Callable[[], bool], what: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not await asyncio.to_thread(holds):
            assert self.running, f"the process ended before {what}:\n{self.tail()}"
            assert time.monotonic() < deadline, f"no {what} within {seconds} s:\n{self.tail()}"
            await asyncio.sleep(0.05)
