"""From a question, or a program, to an answer."""

from collections.abc import Generator, Sequence

from graft_core.ask.eyes import Eyes
from graft_core.ask.interpreter import USUAL_LIMITS, Limits, run
from graft_core.ask.language import parse
from graft_core.ask.planner import Planner
from graft_core.ask.reply import Reply
from graft_core.ask.wording import sentence, sure_of
from graft_core.errors import QuestionError
from graft_core.types import Progress

LONGEST_QUESTION = 1000
"""Characters."""
ANALYST = "analyst"
"""Planner of a program that a person wrote or changed."""


def ask(question: str, eyes: Eyes, planner: Planner, limits: Limits = USUAL_LIMITS) -> Generator[Progress, None, Reply]:
    """Answer a question about a scene.

    Yields:
        Progress of the functions that look at the scene.

    Raises:
        QuestionError: the planner cannot turn it into a program, or the program goes beyond its limits.
        QueryError: a text of the program cannot be looked for.
    """
    asked = " ".join(question.split())
    if not asked:
        raise QuestionError('The question is empty; ask for example "Is there a lake?".')
    if len(asked) > LONGEST_QUESTION:
        raise QuestionError(f"The question has {len(asked)} characters; ask with at most {LONGEST_QUESTION}.")
    plan = planner.plan(asked)
    return (yield from run_program(plan.program, eyes, question, plan.planner, plan.notices, limits))


def run_program(
    text: str,
    eyes: Eyes,
    question: str = "",
    planner: str = ANALYST,
    notices: Sequence[str] = (),
    limits: Limits = USUAL_LIMITS,
) -> Generator[Progress, None, Reply]:
    """Answer with a program.

    Args:
        text: in the language of `graft_core.ask.language`.
        eyes: what looks at the scene.
        question: that the program is for.
        planner: who wrote it.
        notices: what must be said beside the answer.
        limits: how far the program may go.

    Yields:
        Progress of the functions that look at the scene.

    Raises:
        QuestionError: it is not in the language, or goes beyond its limits.
        QueryError: a text cannot be looked for.
    """
    program = parse(text)
    outcome = yield from run(program, eyes, limits)
    return Reply(
        question=question,
        program=program.text,
        planner=planner,
        value=outcome.value,
        sentence=sentence(program, outcome),
        sure=sure_of(outcome.value),
        steps=outcome.steps,
        notices=tuple(notices),
    )
