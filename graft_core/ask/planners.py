"""Which planner there is."""

from typing import Literal

from graft_core.ask.grammar_planner import GrammarPlanner
from graft_core.ask.llm_planner import LlmPlanner
from graft_core.ask.planner import Planner
from graft_core.errors import ModelError
from graft_core.models.chat import MODEL_VARIABLE, URL_VARIABLE, configured_chat

PlannerName = Literal["grammar", "llm"]
"""``grammar``: patterns, on this machine. ``llm``: the language model that the environment names."""


def default_planner() -> Planner:
    """A language model if the environment names an endpoint (GRAFT_LLM_URL, GRAFT_LLM_MODEL), else the grammar.

    Raises:
        ModelError: the environment names an endpoint that cannot be one.
    """
    chat = configured_chat()
    return GrammarPlanner() if chat is None else LlmPlanner(chat)


def chosen_planner(name: str | None) -> Planner:
    """The planner of a name; unless one is given, the language model where the environment names one.

    Raises:
        ModelError: there is no planner of that name, no model is named, or its endpoint cannot be one.
    """
    if name not in (None, "grammar", "llm"):
        raise ModelError(f"Programs cannot be written by '{name}'; choose grammar or llm.")
    if name == "llm" and configured_chat() is None:
        raise ModelError(
            f"No language model is named; set {URL_VARIABLE} to an OpenAI-compatible endpoint and {MODEL_VARIABLE} to "
            "one of its models, or let the grammar write the program."
        )
    return GrammarPlanner() if name == "grammar" else default_planner()


def model_named() -> str | None:
    """The language model that the environment names; None where it names none.

    Raises:
        ModelError: the environment names an endpoint that cannot be one.
    """
    chat = configured_chat()
    return None if chat is None else chat.model
