"""Answers from the hotel's facts, without a key or a network."""

from innbox_faq_llm.plugin import FaqLLM, FaqSettings

__all__ = ["FaqLLM", "FaqSettings"]
