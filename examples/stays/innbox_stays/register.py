"""The list of stays, as the hotel's other software writes it."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stay:
    """One guest's nights in one room; on the day of departure the room is still theirs."""

    hotel: str
    handle: str
    room: str
    arrival: date
    departure: date

    @property
    def nights(self) -> int:
        return (self.departure - self.arrival).days

    def covers(self, day: date) -> bool:
        return self.arrival <= day <= self.departure


class Register:
    """Reads a file of stays, and reads it again when it has changed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read_at = 0.0
        self._stays: tuple[Stay, ...] = ()

    def stays(self) -> tuple[Stay, ...]:
        """Return all stays. Raises `OSError` or `ValueError` where the list cannot be read."""
        changed_at = self._file.stat().st_mtime
        if changed_at != self._read_at:
            with self._file.open(newline="", encoding="utf-8") as file:
                self._stays = tuple(_stays(csv.DictReader(file)))
            self._read_at = changed_at
        return self._stays

    def stay_of(self, hotel: str, handle: str, day: date) -> Stay | None:
        """Return the stay of a guest's handle on a day."""
        ours = (stay for stay in self.stays() if (stay.hotel, stay.handle) == (hotel, handle))
        return next((stay for stay in ours if stay.covers(day)), None)


def _stays(rows: Iterable[dict[str, str]]) -> Iterable[Stay]:
    for number, row in enumerate(rows, start=2):
        try:
            hotel, handle, room = (row[name].strip() for name in ("hotel", "handle", "room"))
            arrival, departure = (date.fromisoformat(row[name].strip()) for name in ("arrival", "departure"))
            yield Stay(hotel, handle, room, arrival, departure)
        except (KeyError, ValueError, AttributeError) as error:
            raise ValueError(f"line {number} is no stay: hotel,handle,room,arrival,departure") from error
