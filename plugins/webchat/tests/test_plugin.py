"""The plugin as the core loads it."""

from typing import Any

from innbox import Plugin
from innbox_webchat import WebChat, WebChatSettings


def test_it_is_a_plugin_with_settings() -> None:
    assert issubclass(WebChat, Plugin)
    assert WebChat.Settings is WebChatSettings


def test_it_brings_a_channel_pages_and_a_namespace(house: Any) -> None:
    plugin = house.plugin

    assert [channel.name for channel in plugin.register_channels(house.app)] == ["webchat"]
    assert [namespace.namespace for namespace in plugin.register_namespaces(house.app)] == ["/webchat"]
    paths = [route.path for route in plugin.register_routes(house.app)]
    assert paths == ["/chat/{hotel}", "/chat/{hotel}/embed.js", "/chat-static"]
