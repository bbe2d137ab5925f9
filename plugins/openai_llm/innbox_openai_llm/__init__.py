"""Answers by OpenAI or any compatible API."""

from innbox_openai_llm.plugin import OpenAILLM
from innbox_openai_llm.settings import OpenAISettings, Prices

__all__ = ["OpenAILLM", "OpenAISettings", "Prices"]
