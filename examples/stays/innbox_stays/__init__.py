"""Who stays in which room, shown at the desk and told to the bot."""

from innbox_stays.plugin import Stays, StaysSettings

__all__ = ["Stays", "StaysSettings"]
