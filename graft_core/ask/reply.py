"""The answer to a question, with everything it stands on."""

from dataclasses import dataclass

from graft_core.ask.values import Region, Value


@dataclass(frozen=True, eq=False)
class Step:
    """One call of a program, as it went."""

    call: str
    """As it reads in the program: ``find(scene, "lake")``."""
    line: int
    """Line of the program, from 1."""
    value: Value
    """What came out."""
    evidence: tuple[Region, ...]
    """Regions that the value was read off, to be drawn on the map; the value itself where it is one."""
    seconds: float
    """How long it took."""


@dataclass(frozen=True, eq=False)
class Reply:
    """What was asked, how it was answered, and how sure that is."""

    question: str
    """As it was typed; empty where a program was run by itself."""
    program: str
    """The program that was run."""
    planner: str
    """Who wrote it: ``grammar``, the name of a model, ``analyst`` for an edited one."""
    value: Value
    """What the program's last line came to."""
    sentence: str
    """The answer as a person would say it, with its unit."""
    sure: float
    """How probable it is that the value is right, [0, 1]; 0 for "I cannot tell"."""
    steps: tuple[Step, ...]
    """The calls in the order they were made."""
    notices: tuple[str, ...] = ()
    """What must be said beside the answer."""
