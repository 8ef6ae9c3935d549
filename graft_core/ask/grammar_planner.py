"""Questions turned into programs by patterns: always there, offline, and the same program for the same question."""

from graft_core.ask.area_sentences import AREAS, SHARES
from graft_core.ask.comparison_sentences import COMPARISONS
from graft_core.ask.count_sentences import COUNTS
from graft_core.ask.draft import Draft, Sizes
from graft_core.ask.kind_sentences import KINDS
from graft_core.ask.language import parse
from graft_core.ask.place_sentences import PLACES
from graft_core.ask.planner import Plan
from graft_core.ask.presence_sentences import PRESENCE
from graft_core.ask.question_text import UNDERSTOOD, plain_question
from graft_core.errors import QuestionError

SENTENCES = (*KINDS, *SHARES, *COMPARISONS, *AREAS, *COUNTS, *PRESENCE, *PLACES)
"""Every way to ask, in the order in which they are tried; a question is read by the first that makes sense of it."""
NAME = "grammar"


class GrammarPlanner:
    """Understands the families of questions that RSVQA asks, and close relatives."""

    def __init__(self, sizes: Sizes | None = None) -> None:
        self._sizes = sizes or Sizes()

    def plan(self, question: str) -> Plan:
        """The program that answers a question.

        Raises:
            QuestionError: it is none of the families; the message names them, with examples.
        """
        draft = self._draft(plain_question(question))
        if draft is None:
            raise QuestionError(f"This question cannot be turned into a program. {UNDERSTOOD}")
        try:
            parse(draft.code)
        except QuestionError:  # it is in the language, so it can only be beyond its bounds
            raise QuestionError(f"This question asks for too much at once; ask for parts of it. {UNDERSTOOD}") from None
        return Plan(draft.code, NAME, draft.notices)

    def _draft(self, text: str) -> Draft | None:
        for way in SENTENCES:
            found = way.pattern.fullmatch(text)
            if found is not None:
                draft = way.build({name: value or "" for name, value in found.groupdict().items()}, self._sizes)
                if draft is not None:
                    return draft
        return None
