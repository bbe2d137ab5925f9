"""Python's collector of cycles, told how a server's memory is: what is there when it is ready stays for good."""

import gc

YOUNG = 10_000  # objects that come before the young ones are looked through; Python's own 700 suit a script
OLDER = (20, 20)  # how many such looks before the older ones are, and the oldest


def settle_memory() -> None:
    """Call once a process has loaded all that it needs: that is never looked through again, and what comes, less often.

    Most objects here end with the reply that they are for, by their reference counts, without the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *OLDER)
