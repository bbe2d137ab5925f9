"""The desk: where staff see every conversation live and step in."""

from innbox_dashboard.plugin import Dashboard

__all__ = ["Dashboard"]
