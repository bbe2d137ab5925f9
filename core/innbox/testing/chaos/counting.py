"""What came of it: counted from what the stand-in for Twilio took and from the guests' 200s."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from innbox.testing.chaos.wires import MARK, our_id
from innbox.testing.twilio_wire import WireMessage

Mark = tuple[int, int]


@dataclass(slots=True)
class Count:
    """Guests' messages and replies, and what is wrong with them."""

    messages: int = 0  # acknowledged with 200
    replies: int = 0  # accepted by the provider
    lost: int = 0  # acknowledged, in no accepted reply, and not with staff
    twice: int = 0  # replies accepted more than once, or messages answered by two replies
    disorder: int = 0  # first answers of a conversation that are out of order


@dataclass(slots=True)
class Result:
    """What one promise's proof has shown. `resume` is the worst time in seconds until things went on."""

    promise: str
    title: str
    count: Count = field(default_factory=Count)
    kills: int = 0
    resume: float | None = None
    faults: list[str] = field(default_factory=list)  # why it does not hold, in words
    figures: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    name: str = ""

    @property
    def holds(self) -> bool:
        return not self.faults

    def expect(self, condition: bool, fault: str) -> None:
        """Note a fault where a condition does not hold."""
        if not condition:
            self.faults.append(fault)

    def expect_within(self, seconds: float | None, limit: float, what: str) -> None:
        """Note a fault where something took longer than `limit` seconds."""
        took = seconds or 0.0
        self.expect(took <= limit, f"{what} took {took:.2f} s, not {limit:.1f}")

    def expect_whole(self) -> None:
        """Nothing lost, nothing twice, nothing out of order, and something that was counted."""
        count = self.count
        self.expect(count.messages > 0, "no message was acknowledged")
        self.expect(count.lost == 0, f"{count.lost} lost")
        self.expect(count.twice == 0, f"{count.twice} twice")
        self.expect(count.disorder == 0, f"{count.disorder} out of order")

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "holds": self.holds}


def count(acknowledged: Iterable[Mark], accepted: Sequence[WireMessage], with_staff: Iterable[str] = ()) -> Count:
    """Count. `with_staff` are the texts of messages in conversations that staff have: those are not lost."""
    wanted = set(acknowledged)
    answers = first_answers(accepted)
    theirs = {marked for text in with_staff for marked in marks(text)}
    return Count(
        messages=len(wanted),
        replies=len(accepted),
        lost=len(wanted - set(answers) - theirs),
        twice=_repeated(accepted) + _answered_again(accepted),
        disorder=_disorder(answers),
    )


def marks(text: str) -> list[Mark]:
    """Return the marks in a text, in order."""
    return [(int(match[1]), int(match[2])) for match in MARK.finditer(text)]


def first_answers(accepted: Sequence[WireMessage]) -> Mapping[Mark, int]:
    """Return each answered mark with the place of the first reply that holds it, in the order of the answers."""
    found: dict[Mark, int] = {}
    for place, message in enumerate(accepted):
        for marked in marks(message.body):
            found.setdefault(marked, place)
    return found


def _repeated(accepted: Sequence[WireMessage]) -> int:
    """Our own message ids that the provider has accepted more than once, counted without the first time."""
    ids = Counter(our_id(message.form.get("StatusCallback", "")) for message in accepted)
    return sum(times - 1 for times in ids.values())


def _answered_again(accepted: Sequence[WireMessage]) -> int:
    """Guests' messages that two different replies answer, and replies that answer nothing."""
    replies: dict[Mark, set[str]] = {}
    empty: set[str] = set()
    for message in accepted:
        ours = our_id(message.form.get("StatusCallback", ""))
        for marked in marks(message.body):
            replies.setdefault(marked, set()).add(ours)
        if message.body.strip() == "re:":
            empty.add(ours)
    return sum(len(ids) - 1 for ids in replies.values()) + len(empty)


def _disorder(answers: Mapping[Mark, int]) -> int:
    last: dict[int, int] = {}
    wrong = 0
    for guest, number in answers:
        wrong += number < last.get(guest, -1)
        last[guest] = max(number, last.get(guest, -1))
    return wrong


HEADS = ("promise", "messages", "kills", "replies", "lost", "twice", "disorder", "resumed", "took", "verdict")


def table(results: Sequence[Result]) -> str:
    """Return the results as a table of aligned columns, and under it what does not hold."""
    rows = [HEADS, *(_row(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for result in results:
        lines += [f"{result.promise}: {fault}" for fault in result.faults]
    return "\n".join(lines)


def _row(result: Result) -> tuple[str, ...]:
    found = result.count
    return (
        f"{result.promise} {result.title}",
        *(str(number) for number in (found.messages, result.kills, found.replies)),
        *(str(number) for number in (found.lost, found.twice, found.disorder)),
        "-" if result.resume is None else f"{result.resume:.1f} s",
        f"{result.seconds:.0f} s",
        "holds" if result.holds else "BROKEN",
    )
