"""The dashboard's settings."""

import pytest
from pydantic import ValidationError

from innbox_dashboard.config import DashboardSettings


def test_nothing_needs_to_be_set() -> None:
    settings = DashboardSettings()
    assert (settings.title, settings.session_hours, settings.cookie_secure) == ("Innbox", 12, None)


@pytest.mark.parametrize("wrong", [{"session_hours": 0}, {"session_hours": 10_000}, {"title": ""}, {"colour": "red"}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DashboardSettings.model_validate(wrong)


def test_every_setting_is_described() -> None:
    assert all(field.description for field in DashboardSettings.model_fields.values())
