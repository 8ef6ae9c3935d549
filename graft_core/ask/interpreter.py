"""Runs a checked program, expression by expression, and keeps what each call came to."""

import ast
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

from graft_core.ask.arithmetic import calculated, compared, negated
from graft_core.ask.chances import all_of, any_of
from graft_core.ask.checking import MOST_CALLS, arguments
from graft_core.ask.eyes import Eyes
from graft_core.ask.functions import FUNCTIONS, Function
from graft_core.ask.language import Program
from graft_core.ask.reply import Step
from graft_core.ask.values import Number, Region, Text, Truth, Unknown, Value
from graft_core.ask.vision import Sight, Texts
from graft_core.errors import QuestionError
from graft_core.types import Progress

Run = Generator[Progress, None, Value]


@dataclass(frozen=True)
class Limits:
    """How far a program may go."""

    calls: int = MOST_CALLS
    """Calls of functions."""
    seconds: float = 3600.0
    """Time for everything; looked at whenever a function reports progress."""
    things: int = 20_000
    """Objects of one region."""
    clock: Callable[[], float] = time.monotonic
    """Seconds since some moment."""


USUAL_LIMITS = Limits()


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a program came to."""

    value: Value
    """Of its last line."""
    steps: tuple[Step, ...]
    """Its calls, in the order they were made."""
    scene: Region
    """What was looked at."""


def run(program: Program, eyes: Eyes, limits: Limits = USUAL_LIMITS) -> Generator[Progress, None, Outcome]:
    """Run a program.

    Yields:
        Progress of the functions that look at the scene.

    Raises:
        QuestionError: it goes beyond a limit, or calculates what makes no sense; the message names the line.
        QueryError: a text cannot be looked for.
    """
    running = _Running(program, eyes, limits)
    for name, expression in program.assigned.items():
        running.names[name] = yield from running.value(expression)
    value = yield from running.value(program.answer)
    return Outcome(value, tuple(running.steps), running.scene)


class _Running:
    """A program on its way."""

    def __init__(self, program: Program, eyes: Eyes, limits: Limits) -> None:
        self.scene = eyes.scene
        self.names: dict[str, Value] = {"scene": self.scene}
        self.steps: list[Step] = []
        self._program, self._limits = program, limits
        self._sight = Sight(eyes, self.scene, limits.things)
        self._deadline = limits.clock() + limits.seconds

    def value(self, node: ast.expr) -> Run:
        """What an expression comes to."""
        match node:
            case ast.Constant():
                return _literal(node.value)
            case ast.Name():
                return self.names[node.id]
            case ast.Call():
                return (yield from self._call(node))
            case ast.BoolOp():
                return (yield from self._joined(node))
            case ast.Compare():
                return (yield from self._compared(node))
            case ast.IfExp():
                return (yield from self._chosen(node))
            case ast.UnaryOp():
                operand = yield from self.value(node.operand)
                return negated(node.op, operand)
            case ast.BinOp():
                left = yield from self.value(node.left)
                right = yield from self.value(node.right)
                return _at(node, lambda: calculated(node.op, left, right))
        raise AssertionError(f"the checker lets no {type(node).__name__} through")

    def _joined(self, node: ast.BoolOp) -> Run:
        """``and`` and ``or``: the first that decides ends it; what is unknown decides nothing."""
        deciding = isinstance(node.op, ast.Or)
        join = any_of if deciding else all_of
        known: list[Truth] = []
        unknown: Unknown | None = None
        for each in node.values:
            value = yield from self.value(each)
            if isinstance(value, Unknown):
                unknown = unknown or value
                continue
            assert isinstance(value, Truth)
            known.append(value)
            if value.value == deciding:
                return value if unknown else join(known)
        return unknown or join(known)

    def _compared(self, node: ast.Compare) -> Run:
        sides: list[Value] = []
        for each in (node.left, *node.comparators):
            sides.append((yield from self.value(each)))
        pairs = zip(node.ops, sides[:-1], sides[1:], strict=True)
        found = [_at(node, lambda op=op, a=a, b=b: compared(op, a, b)) for op, a, b in pairs]  # type: ignore[misc]
        unknown = next((each for each in found if isinstance(each, Unknown)), None)
        return unknown or all_of(each for each in found if isinstance(each, Truth))

    def _chosen(self, node: ast.IfExp) -> Run:
        test = yield from self.value(node.test)
        if isinstance(test, Unknown):
            return test
        assert isinstance(test, Truth)
        value = yield from self.value(node.body if test.value else node.orelse)
        return value if isinstance(value, Unknown) else replace(value, sure=value.sure * test.sure)

    def _call(self, node: ast.Call) -> Run:
        assert isinstance(node.func, ast.Name)
        function = FUNCTIONS[node.func.id]
        given = arguments(node, function)
        values: list[Value | Texts] = []
        for name in function.takes:
            values.append((yield from self._argument(given[name])))
        if len(self.steps) >= self._limits.calls:
            raise QuestionError(f"Line {node.lineno} makes more than {self._limits.calls} calls; ask for less at once.")
        self._check_time(node)
        started = self._limits.clock()
        value = _first_unknown(values) or (yield from self._run(node, function, values))
        regions = tuple(each for each in values if isinstance(each, Region))
        evidence = (value,) if isinstance(value, Region) else regions
        seconds = self._limits.clock() - started
        self.steps.append(Step(self._program.source(node), node.lineno, value, evidence, seconds))
        return value

    def _argument(self, node: ast.expr) -> Generator[Progress, None, Value | Texts]:
        if not isinstance(node, ast.List):
            return (yield from self.value(node))
        texts: list[Text] = []
        for each in node.elts:
            value = yield from self.value(each)
            if isinstance(value, Unknown):
                return value
            assert isinstance(value, Text)
            texts.append(value)
        return tuple(texts)

    def _run(self, node: ast.Call, function: Function, values: list[Value | Texts]) -> Run:
        if not function.looks:
            return _at(node, lambda: function.run(*values))
        looking: Run = function.run(self._sight, *values)
        while True:
            try:
                progress = next(looking)
            except StopIteration as done:
                found: Value = done.value
                return found
            except QuestionError as error:
                raise QuestionError(f"Line {node.lineno}: {error}") from error
            yield progress
            self._check_time(node)

    def _check_time(self, node: ast.expr) -> None:
        if self._limits.clock() > self._deadline:
            raise QuestionError(
                f"Line {node.lineno} was reached when the {self._limits.seconds:g} s of a program were over; "
                "ask about a smaller area, or look for less."
            )


def _literal(value: object) -> Value:
    if isinstance(value, bool):
        return Truth(value)
    return Number(float(value)) if isinstance(value, int | float) else Text(str(value))


def _first_unknown(values: list[Value | Texts]) -> Unknown | None:
    return next((each for each in values if isinstance(each, Unknown)), None)


def _at(node: ast.expr, compute: Callable[[], Value]) -> Value:
    """What is computed; a refusal names the line."""
    try:
        return compute()
    except QuestionError as error:
        raise QuestionError(f"Line {node.lineno}: {error}") from error
