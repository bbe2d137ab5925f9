"""The dashboard's settings."""

from pathlib import Path

from pydantic import Field

from innbox import PluginSettings


class DashboardSettings(PluginSettings):
    """What may stand under `dashboard:` in the YAML."""

    title: str = Field(default="Innbox", min_length=1, max_length=60, description="The name shown on the desk's pages.")
    session_hours: float = Field(
        default=12, gt=0, le=24 * 30, description="How long a sign-in lasts, in hours; then staff sign in again."
    )
    cookie_secure: bool | None = Field(
        default=None,
        description="Whether the session cookie travels over https alone. Left out: yes where `public_url` is https.",
    )
    static_dir: Path | None = Field(
        default=None,
        description="The folder with the desk's page, served at /dashboard/static, where you built a page of your own.",
    )
