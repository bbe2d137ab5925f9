"""A process that takes in guests' messages, printing each one's text once it is stored, until it is killed."""

import asyncio
import sys
from itertools import count
from pathlib import Path

from innbox import Address, Inbound, IngestRules
from innbox_sqlite_store import SqliteDatabase


async def write(path: Path) -> None:
    store = SqliteDatabase(path)
    store.open()
    for number in count():
        text = f"theirs {number}"
        await store.ingest(Inbound("miramar", Address("whatsapp", "+2"), f"SM{number}", text), IngestRules())
        print(text, flush=True)


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1])))
