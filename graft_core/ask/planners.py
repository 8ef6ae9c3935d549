"""Which planner there is."""

from graft_core.ask.grammar_planner import GrammarPlanner
from graft_core.ask.llm_planner import LlmPlanner
from graft_core.ask.planner import Planner
from graft_core.models.chat import configured_chat


def default_planner() -> Planner:
    """A language model if the environment names an endpoint (GRAFT_LLM_URL, GRAFT_LLM_MODEL), else the grammar.

    Raises:
        ModelError: the environment names an endpoint that cannot be one.
    """
    chat = configured_chat()
    return GrammarPlanner() if chat is None else LlmPlanner(chat)
