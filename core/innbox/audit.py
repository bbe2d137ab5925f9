"""The audit log: who did what. It is written after the deed, and stands in nobody's way."""

from typing import Any

import structlog

from innbox.desk import AuditEntry, KeepsDesk
from innbox.ids import new_id
from innbox.messages import User, now

log = structlog.get_logger(__name__)


class Audit:
    """Writes entries where the store keeps a desk; without one there is no audit log but the process's own."""

    def __init__(self, store: KeepsDesk | None) -> None:
        self._store = store

    async def record(
        self, user: User | str, action: str, hotel: str | None = None, conversation_id: str | None = None, **detail: Any
    ) -> None:
        """Keep who did what; `detail` is small JSON without a guest's text, name or number.

        What was done is done: an entry that cannot be kept is logged, never raised.
        """
        if self._store is None:
            return
        name = user.name if isinstance(user, User) else user
        try:
            await self._store.audit(AuditEntry(new_id(), now(), name, action, hotel, conversation_id, detail))
        except Exception as error:
            log.warning("audit entry lost", action=action, user=name, error=type(error).__name__)
