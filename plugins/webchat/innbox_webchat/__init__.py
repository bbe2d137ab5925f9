"""The hotel's web page chat: guests write on the hotel's own site, without an account."""

from innbox_webchat.plugin import WebChat
from innbox_webchat.settings import WebChatSettings

__all__ = ["WebChat", "WebChatSettings"]
