"""What may stand under `redis_cache` in the YAML."""

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from innbox import PluginSettings

SCHEMES = ("redis", "rediss", "unix")


class RedisCacheSettings(PluginSettings):
    """The settings of `redis_cache`."""

    url: SecretStr = Field(
        description="Where Redis is, with user and password where it wants them: redis://[user:password@]host:6379/0, "
        "rediss:// for TLS, unix:// for a socket."
    )
    prefix: str = Field(
        "innbox",
        pattern=r"^[A-Za-z0-9_.:-]{1,64}$",
        description="What every key begins with; two deployments on one Redis take two prefixes.",
    )
    timeout_seconds: float = Field(
        0.25, gt=0, le=5, description="How long Redis may stay silent before the cache goes on without it."
    )

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: SecretStr) -> SecretStr:
        if not _is_usable(url.get_secret_value()):
            raise ValueError("must be like redis://host:6379/0 (or rediss://, unix://)")
        return url


def _is_usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port  # raises ValueError for one that is no number
    except ValueError:
        return False
    if parts.scheme == "unix":
        return bool(parts.path)
    return parts.scheme in SCHEMES and bool(parts.hostname) and (port is None or port > 0)
