"""The contract of a store: subclass `StoreContract` in a test module, and every promise of the port is tested. A store
that keeps a desk has a second class, of `KeepsDeskContract`.

The module gives two fixtures:

- `store`: an open, migrated, empty `Store`;
- `second_store`: another `Store` object on the same database, as a second process would have it.

A store that is new, or changed, is right when these tests pass. They take their sentences from the docstrings of
`innbox.Store`, and use nothing else of a store than its verbs. A store that keeps a desk (see `innbox.KeepsDesk`) is
held by `KeepsDeskContract` too.
"""

from innbox.testing.store_contract.answering import AnsweringContract
from innbox.testing.store_contract.delivering import DeliveringContract
from innbox.testing.store_contract.desk_deliveries import DecisionsContract
from innbox.testing.store_contract.desk_figures import FiguresContract
from innbox.testing.store_contract.desk_guests import RecordsContract
from innbox.testing.store_contract.desk_hands import HandsContract
from innbox.testing.store_contract.desk_people import AuditContract
from innbox.testing.store_contract.desk_replies import AnswersContract, RepliesContract
from innbox.testing.store_contract.desk_timers import TimersContract
from innbox.testing.store_contract.desk_tools import ToolsContract
from innbox.testing.store_contract.desk_views import ViewsContract
from innbox.testing.store_contract.erasing import ErasingContract
from innbox.testing.store_contract.guests import GuestsContract
from innbox.testing.store_contract.house import HouseContract
from innbox.testing.store_contract.people import PeopleContract
from innbox.testing.store_contract.reading import ReadingContract
from innbox.testing.store_contract.reports import ReportsContract
from innbox.testing.store_contract.staff import StaffContract

__all__ = ["KeepsDeskContract", "StoreContract"]


class StoreContract(
    GuestsContract,
    AnsweringContract,
    DeliveringContract,
    ReportsContract,
    ErasingContract,
    StaffContract,
    ReadingContract,
    PeopleContract,
    HouseContract,
):
    """Every promise of the `Store` port, as tests."""


class KeepsDeskContract(
    HandsContract,
    ViewsContract,
    ToolsContract,
    TimersContract,
    RepliesContract,
    AnswersContract,
    DecisionsContract,
    RecordsContract,
    FiguresContract,
    AuditContract,
):
    """Every promise of the `KeepsDesk` port, as tests."""
