"""Who may do what: rules on a user, for doors, ways and buttons alike."""

from collections.abc import Callable

from innbox import User

Rule = Callable[[User], bool]


def staff(user: User) -> bool:
    """All who are signed in."""
    return True


def leads(user: User) -> bool:
    """Leads, and admins too."""
    return user.is_lead


def admins(user: User) -> bool:
    """Admins alone."""
    return user.is_admin
