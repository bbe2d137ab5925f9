"""The cache on Redis, which goes on in memory while Redis is gone."""

from innbox_redis_cache.plugin import RedisCache
from innbox_redis_cache.settings import RedisCacheSettings

__all__ = ["RedisCache", "RedisCacheSettings"]
