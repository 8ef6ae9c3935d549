"""Questions turned into programs by a language model, checked before anything runs, with the grammar behind it."""

import unicodedata
from dataclasses import replace

from graft_core.ask.grammar_planner import GrammarPlanner
from graft_core.ask.language import parse
from graft_core.ask.llm_prompt import conversation, declined, program_of, repair
from graft_core.ask.planner import Plan, Planner
from graft_core.ask.question_text import UNDERSTOOD
from graft_core.errors import ModelError, QuestionError
from graft_core.models.chat import Chat

LONGEST = 1000
"""Characters of a question that is sent."""
LONGEST_REPLY = 4000
"""Characters of a refused reply that are sent back for repair."""


class LlmPlanner:
    """Asks a model behind an endpoint; it is sent the question and the language, never imagery or places."""

    def __init__(self, chat: Chat, fallback: Planner | None = None) -> None:
        self._chat = chat
        self._fallback = fallback or GrammarPlanner()

    def plan(self, question: str) -> Plan:
        """The program that answers a question: the model's, or the grammar's with a notice saying why.

        Raises:
            QuestionError: neither can; the message says what each of them says.
        """
        _check(question)
        try:
            return Plan(self._written(question), self._chat.model)
        except (ModelError, QuestionError) as error:
            reason = str(error)
        try:
            plan = self._fallback.plan(question)
        except QuestionError as refusal:
            raise QuestionError(f"{refusal} The language model could not help either. {reason}") from None
        notice = f"The grammar wrote this program, for the language model could not. {reason}"
        return replace(plan, notices=(*plan.notices, notice))

    def _written(self, question: str) -> str:
        """A program in the language, with one chance to repair it."""
        messages = conversation(question)
        reply = self._chat.complete(messages)
        try:
            return _checked(reply)
        except QuestionError as error:
            if declined(reply):
                raise
            fault = str(error)
        again = self._chat.complete([*messages, *repair(reply[:LONGEST_REPLY], fault)])
        try:
            return _checked(again)
        except QuestionError as error:
            raise QuestionError(f"What {self._chat.model} wrote is not in the language, twice. {error}") from None


def _checked(reply: str) -> str:
    if declined(reply):
        raise QuestionError("It finds no program that answers this question.")
    return parse(program_of(reply)).text


def _check(question: str) -> None:
    """Refuse what nobody needs to be asked about."""
    if not any(char.isalpha() for char in question):
        raise QuestionError(f"The question is empty. {UNDERSTOOD}")
    if len(question) > LONGEST:
        raise QuestionError(f"The question has {len(question)} characters; ask with at most {LONGEST}.")
    if any(unicodedata.category(char) in ("Cc", "Cs") and not char.isspace() for char in question):
        raise QuestionError("The question holds characters that are not text; type it again.")
