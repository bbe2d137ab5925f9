"""Importing this module makes a process warm: all that a house's processes import is imported, and its app built once.

The forks of such a process share that memory, and begin within a third of a second.
"""

import gc
import tempfile
from pathlib import Path

import innbox.testing.chaos.starting
import innbox.testing.crashing
import innbox.worker  # noqa: F401 - imported for the forks
from innbox.config import load_config
from innbox.testing.chaos.house import production
from innbox.testing.running import write_config
from innbox.web import create_asgi


def _build_once() -> None:
    """Build an app and forget it: some libraries import their larger half only when they are used."""
    with tempfile.TemporaryDirectory() as folder:
        nowhere = "redis://127.0.0.1:1/0"
        plugins = production("postgresql://127.0.0.1:1/x", nowhere, "http://127.0.0.1:1", "http://127.0.0.1:1")
        create_asgi(load_config(write_config(Path(folder), plugins, queue={"url": nowhere})))


_build_once()
gc.collect()
gc.freeze()  # so that no collection in a fork copies what is shared
