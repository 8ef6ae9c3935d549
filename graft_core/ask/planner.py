"""From a question to a program: what every planner does."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Plan:
    """A program for a question."""

    program: str
    """In the language of `graft_core.ask.language`."""
    planner: str
    """Who wrote it: ``grammar``, or the name of a model."""
    notices: tuple[str, ...] = ()
    """What must be said beside the answer, such as why another planner had to step in."""


class Planner(Protocol):
    """Writes programs."""

    def plan(self, question: str) -> Plan:
        """The program that answers a question.

        Raises:
            QuestionError: this planner cannot; the message says what it can, with an example.
        """
