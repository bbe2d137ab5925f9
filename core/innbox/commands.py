"""What a plugin brings as a sub-command of `innbox`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A sub-command: `configure` adds its arguments, `run` does the work in the app's lifespan and returns the exit
    code."""

    name: str
    help: str
    run: Callable[[Namespace], Awaitable[int]]
    configure: Callable[[ArgumentParser], None] = lambda parser: None
