"""An `innbox` command in which something goes wrong at a named point of the pipeline, for tests.

    python -m innbox.testing.crashing turn.before_commit 3 -- worker -c innbox.yaml

kills its own process as it passes `turn.before_commit` for the third time. `--action` chooses what happens instead:
`stop` freezes the process as SIGSTOP does, `sleep:SECONDS` holds it up. `call:URL` asks URL + the point's name at every
pass from the N-th on, and waits for its answer; the point `any` is all of them. With `--broken`, the process sends
again at once what it does not know to have arrived: the harness that counts must catch it.

    python -m innbox.testing.crashing --broken -- worker -c innbox.yaml

Points are those of `innbox.pipeline.points`. Children of a supervisor (`worker --processes`) are plain again.
"""

import argparse
import itertools
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence

from innbox.cli import main as innbox_main
from innbox.messages import Delivery, Failure, Outgoing, now
from innbox.pipeline import deliver, points
from innbox.pipeline.deliver import Delivering
from innbox.ports import Channel, DeliveryEnd, WaitAndSend

ANY = "any"
CALL_SECONDS = 30.0


def arm(point: str, nth: int, action: str) -> None:
    """Make the `nth` pass of a point do `action` in this process; see the module's text for the actions."""
    act = _action(action)
    every = action.startswith("call:")
    passes = itertools.count(1)

    def reached(name: str) -> None:
        if point in (name, ANY):
            number = next(passes)
            if number == nth or (every and number > nth):
                act(name)

    points.reached = reached


def break_deliveries() -> None:
    """Make this process repeat doubtful sends at once, without asking."""

    async def repeat(self: Delivering, channel: Channel, delivery: Delivery) -> DeliveryEnd:
        return WaitAndSend(now())

    def doubt(channel: Channel, outgoing: Outgoing, failure: Failure) -> DeliveryEnd:
        return WaitAndSend(now(), failure)

    Delivering._settle_doubt = repeat  # type: ignore[method-assign]
    deliver._doubt = doubt


def _action(text: str) -> Callable[[str], None]:
    kind, _, value = text.partition(":")
    match kind:
        case "kill":
            return lambda _: os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            return lambda _: os.kill(os.getpid(), signal.SIGSTOP)
        case "sleep":
            seconds = float(value)
            return lambda _: time.sleep(seconds)
        case "call":
            return lambda name: urllib.request.urlopen(value + name, timeout=CALL_SECONDS).close()
    raise argparse.ArgumentTypeError(f"there is no action {text!r}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Arm this process and run the `innbox` command that follows `--`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="python -m innbox.testing.crashing", description="An innbox command that breaks."
    )
    parser.add_argument("point", nargs="?", choices=[*points.POINTS, ANY], metavar="POINT")
    parser.add_argument("nth", nargs="?", type=int, default=1, metavar="N")
    parser.add_argument("--action", default="kill", metavar="WHAT", help="kill, stop, sleep:SECONDS or call:URL")
    parser.add_argument("--broken", action="store_true", help="repeat doubtful sends at once")
    parser.usage = "%(prog)s [--action WHAT] [--broken] [POINT [N]] -- COMMAND …"
    if "--" not in given:
        parser.error("the innbox command comes after --")
    place = given.index("--")
    options = parser.parse_args(given[:place])
    if options.point is not None:
        arm(options.point, options.nth, options.action)
    if options.broken:
        break_deliveries()
    return innbox_main(given[place + 1 :])


if __name__ == "__main__":
    sys.exit(main())
