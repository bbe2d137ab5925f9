"""What staff do at the desk. Each action checks who may, acts once, and tells; the modules here hold one idea each."""

from innbox.pipeline.staff.acting import Acting
from innbox.pipeline.staff.actions import Actions
from innbox.pipeline.staff.deliveries import Deliveries
from innbox.pipeline.staff.handling import Handling
from innbox.pipeline.staff.replying import Replied, Replying
from innbox.pipeline.staff.scheduling import Scheduling

__all__ = ["Acting", "Replied", "Staff"]


class Staff(Handling, Replying, Scheduling, Deliveries, Actions):
    """The actions of staff. Each takes the user who acts, then the conversation; one that they may not see is
    `NotFound`. Where the store keeps no desk, what needs one is `Refused` with the code `no_desk`."""
