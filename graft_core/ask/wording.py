"""An answer as a person would say it."""

import ast
from typing import Any

from graft_core.ask.interpreter import Outcome
from graft_core.ask.language import Program
from graft_core.ask.measures import exists
from graft_core.ask.nouns import counted, none_of, plural, stuff, with_article
from graft_core.ask.reply import Step
from graft_core.ask.values import Number, Region, Text, Truth, Unknown, Value

HECTARE = 10_000.0
KM2 = 1_000_000.0
WAVERING = 0.65
"""How sure an answer is at least that is said without a reservation."""


def sure_of(value: Value) -> float:
    """How probable it is that a value is right, [0, 1]; 0 where it is unknown."""
    if isinstance(value, Unknown):
        return 0.0
    if isinstance(value, Region):
        return sure_of(exists(value))
    return min(max(value.sure, 0.0), 1.0)


def area_words(m2: float) -> str:
    """Square metres as people read them: ``850 m²``, ``4.2 ha``, ``12.5 km²``."""
    if abs(m2) < HECTARE / 10:
        return f"{m2:,.0f} m²"
    if abs(m2) < KM2:
        return f"{_figures(m2 / HECTARE)} ha"
    return f"{_figures(m2 / KM2)} km²"


def share_words(share: float) -> str:
    """A fraction as a percentage: ``27 %``, ``0.4 %``."""
    percent = 100 * share
    if 0 < percent < 0.1:
        return "less than 0.1 %"
    return f"{percent:.1f} %" if 0 < percent < 9.95 and round(percent, 1) % 1 else f"{percent:.0f} %"


def number_words(number: Number) -> str:
    """A number with its unit."""
    if number.unit == "m2":
        return area_words(number.value)
    if number.unit == "share":
        return share_words(number.value)
    if number.unit == "per km2":
        return f"{_figures(number.value)} per km²"
    unit = f" {number.unit}" if number.unit else ""
    return f"{number.value:,.0f}{unit}" if number.value.is_integer() else f"{_figures(number.value)}{unit}"


def sentence(program: Program, outcome: Outcome) -> str:
    """The answer in one sentence, with its unit."""
    said = _Said(program, outcome)
    value = outcome.value
    if isinstance(value, Unknown):
        return f"I cannot tell: {value.why[:1].lower()}{value.why[1:]}"
    if isinstance(value, Truth):
        text = said.truth(value)
    elif isinstance(value, Number):
        text = said.number(value)
    elif isinstance(value, Region):
        text = said.region(value)
    else:
        text = said.text(value)
    if sure_of(value) >= WAVERING:
        return f"{text[:1].upper()}{text[1:]}."
    return f"Probably, but not surely: {text[:1].lower()}{text[1:]}."


class _Said:
    """A program's last line, and what the calls in it came to."""

    def __init__(self, program: Program, outcome: Outcome) -> None:
        self._program = program
        self._steps = {(step.line, step.call): step for step in outcome.steps}
        self._scene_m2 = 0.0
        self._last = self._named(program.answer)

    def _named(self, node: ast.expr) -> ast.expr:
        """An expression, looked up where it is only a name."""
        assigned = self._program.assigned
        while isinstance(node, ast.Name) and node.id in assigned:
            node = assigned[node.id]
        return node

    def _step(self, node: ast.expr) -> Step | None:
        """What a call came to, where the expression is one that was made."""
        node = self._named(node)
        return self._steps.get((node.lineno, self._program.source(node))) if isinstance(node, ast.Call) else None

    def _read_off(self, node: ast.expr, function: str) -> Region | None:
        """The region that a call of a function was given."""
        node = self._named(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
            step = self._step(node)
            return step.evidence[0] if step and step.evidence else None
        return None

    def truth(self, value: Truth) -> str:
        """``yes: 3 lakes were found``."""
        word = "yes" if value.value else "no"
        why = self._because(self._last)
        return f"{word}: {why}" if why else word

    def _because(self, node: ast.expr) -> str:
        node = self._named(node)
        if isinstance(node, ast.UnaryOp):
            return self._because(node.operand)
        if isinstance(node, ast.BoolOp):
            return ", ".join(filter(None, map(self._because, node.values)))
        if isinstance(node, ast.Compare):
            sides = [self._side(each) for each in (node.left, *node.comparators)]
            seen = [side for side in sides if side]
            return " against ".join(seen) if len(node.ops) == 1 else ""
        region = self._read_off(node, "exists")
        if region is None:
            return ""
        number = len(region.things)
        return (
            f"{counted(number, region.what)} {'was' if number == 1 else 'were'} found"
            if number
            else (f"{none_of(region.what)} was found")
        )

    def _side(self, node: ast.expr) -> str:
        """One side of a comparison with its value and name: ``12 houses``; empty for a typed one."""
        step = self._step(node)
        if step is None or not isinstance(step.value, Number | Text):
            return ""
        if isinstance(step.value, Text):
            return step.value.value
        region = step.evidence[0] if step.evidence else None
        return self._amount(node, step.value, region)

    def _amount(self, node: ast.expr, value: Number, region: Region | None) -> str:
        call: Any = self._named(node)
        function = call.func.id
        if function == "count" and region is not None:
            return counted(int(value.value), region.what)
        if function == "area" and region is not None:
            return f"{area_words(value.value)} of {stuff(region.what)}"
        if function == "density" and region is not None:
            return f"{_figures(value.value)} {plural(region.what)} per km²"
        return number_words(value)

    def number(self, value: Number) -> str:
        """``there are 12 houses``, ``about 4.2 ha of forest``."""
        node = self._last
        step = self._step(node)
        region = step.evidence[0] if step and step.evidence else None
        if step is None or region is None:
            return f"it is {number_words(value)}" if not value.unit else f"it is about {number_words(value)}"
        amount = self._amount(node, value, region)
        call: Any = self._named(node)
        function = call.func.id
        if function == "count":
            return (
                f"there {'is' if value.value == 1 else 'are'} {amount if value.value else 'no ' + plural(region.what)}"
            )
        if function == "share":
            return f"about {amount} of {with_article(region.what)}"
        return f"about {amount}"

    def region(self, value: Region) -> str:
        """``3 lakes were found``."""
        number = len(value.things)
        if not number:
            return f"{none_of(value.what)} was found"
        return f"{counted(number, value.what)} {'was' if number == 1 else 'were'} found"

    def text(self, value: Text) -> str:
        """The words."""
        return value.value


def _figures(value: float) -> str:
    """Two figures that count, three from 100."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"
