"""An answer as a person would say it."""

import ast

from graft_core.ask.interpreter import Outcome
from graft_core.ask.language import Program
from graft_core.ask.measures import exists, scene_km2
from graft_core.ask.nouns import counted, plural, stuff, the
from graft_core.ask.quantity_words import KM2, area_words, figures, number_words, share_words
from graft_core.ask.reply import Step
from graft_core.ask.values import Number, Region, Text, Truth, Unknown, Value
from graft_core.ask.vision import said

PLAIN = 0.7
"""How sure an answer is at least that is said without a reservation."""
PROBABLE = 0.5
"""How sure an answer is at least that is called probable."""


def sure_of(value: Value) -> float:
    """How probable it is that a value is right, [0, 1]; 0 where it is unknown."""
    if isinstance(value, Unknown):
        return 0.0
    if isinstance(value, Region):
        return sure_of(exists(value))
    return min(max(value.sure, 0.0), 1.0)


def sentence(program: Program, outcome: Outcome) -> str:
    """The answer in one sentence, with its unit, and a reservation where it is not sure."""
    value = outcome.value
    unknown = exists(value) if isinstance(value, Region) else value
    if isinstance(unknown, Unknown):
        return f"I cannot tell: {unknown.why[:1].lower()}{unknown.why[1:]}"
    text = _Said(program, outcome).answer(value)
    sure = sure_of(value)
    reserved = text if sure >= PLAIN else f"{'probably' if sure >= PROBABLE else 'perhaps'} {text}"
    return f"{reserved[:1].upper()}{reserved[1:]}."


class _Said:
    """A program, and what the calls in it came to."""

    def __init__(self, program: Program, outcome: Outcome) -> None:
        self._program = program
        self._steps = {(step.line, step.call): step for step in outcome.steps}
        self._assigned = program.assigned
        self._scene_m2 = scene_km2(outcome.scene) * KM2

    def answer(self, value: Value) -> str:
        """The last line, without a full stop."""
        node = self._named(self._program.answer)
        if isinstance(value, Truth):
            why = self._because(node, value.value)
            return f"{'yes' if value.value else 'no'}{f': {why}' if why else ''}"
        if isinstance(value, Number):
            return self._number(node, value)
        if isinstance(value, Region):
            return _found(value)
        return self._text(node, value) if isinstance(value, Text) else ""

    def _named(self, node: ast.expr) -> ast.expr:
        """What stands behind a name."""
        while isinstance(node, ast.Name) and node.id in self._assigned:
            node = self._assigned[node.id]
        return node

    def _made(self, node: ast.expr) -> tuple[str, Step | None, Region | None]:
        """The function of a call, what it came to, and the region it was read off."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            return "", None, None
        step = self._steps.get((node.lineno, self._program.source(node)))
        return node.func.id, step, step.evidence[0] if step and step.evidence else None

    def _because(self, node: ast.expr, yes: bool) -> str:
        """What a yes or no stands on; empty where its program says more than a sentence can.

        All parts of a true ``and`` and of a false ``or`` count; otherwise only some do, and which ones is in the steps.
        """
        node = self._named(node)
        match node:
            case ast.UnaryOp():
                return self._because(node.operand, not yes)
            case ast.BoolOp():
                parts = node.values if isinstance(node.op, ast.And) == yes else []
                return ", ".join(dict.fromkeys(filter(None, (self._because(each, yes) for each in parts))))
            case ast.Compare(left=left, comparators=[right]):
                return self._against(left, right)
        function, _, region = self._made(node)
        return _found(region) if function == "exists" and region is not None else ""

    def _against(self, *nodes: ast.expr) -> str:
        """``12 houses against 3 lakes``, or the only side that was looked at: ``there are 12 houses``."""
        sides = [(self._named(node), words) for node in nodes if (words := self._side(node))]
        if len(sides) == 1 and self._made(sides[0][0])[0] == "count":
            return f"there {'is' if sides[0][1].startswith('1 ') else 'are'} {sides[0][1]}"
        return " against ".join(words for _, words in sides)

    def _side(self, node: ast.expr) -> str:
        """One side of a comparison with its value: ``12 houses``; empty where it was typed or calculated."""
        node = self._named(node)
        _, step, _ = self._made(node)
        if step is None:
            return ""
        if isinstance(step.value, Text):
            return said(step.value.value)
        return self._amount(node, step.value) if isinstance(step.value, Number) else ""

    def _amount(self, node: ast.expr, value: Number) -> str:
        """What a call measured: ``4.2 ha of forest``."""
        function, _, region = self._made(node)
        match function, region:
            case "count", Region():
                return counted(round(value.value), region.what) if value.value else f"no {plural(region.what)}"
            case "area", Region() if region.what != "scene":
                return f"{area_words(value.value)} of {stuff(region.what)}"
            case "density", Region():
                return f"{figures(value.value)} {plural(region.what)} per km²"
            case "share", Region():
                return f"{share_words(value.value)} of {the(region.what)} is {self._query(node)}"
        return number_words(value)

    def _number(self, node: ast.expr, value: Number) -> str:
        function, step, region = self._made(node)
        if step is None or region is None:
            return f"it is {'about ' if value.unit else ''}{number_words(value)}"
        amount = self._amount(node, value)
        if function == "count":
            return f"there {'is' if value.value == 1 else 'are'} {amount}"
        if function == "area" and region.what != "scene" and self._scene_m2 > 0:
            part = f"({share_words(value.value / self._scene_m2)} of the scene)"
            if _is_one(region):
                return f"{the(region.what)} has about {area_words(value.value)} {part}"
            return f"about {amount} {part}"
        if function == "score":
            return f"{the(region.what)} matches {self._query(node)} with {figures(value.value)}"
        return f"about {amount}"

    def _text(self, node: ast.expr, value: Text) -> str:
        function, step, region = self._made(node)
        if function == "classify" and region is not None:
            return f"{the(region.what)} is mostly {said(value.value)}"
        if function == "best_match" and region is not None:
            return f"{the(region.what)} looks most like {said(value.value)}"
        if function == "compare" and step is not None and isinstance(node, ast.Call):
            seen = self._against(*node.args, *(each.value for each in node.keywords))
            return f"{value.value}: {seen}" if seen else value.value
        return value.value

    def _query(self, node: ast.expr) -> str:
        """The words that a call looked for; empty where they were worked out."""
        given = [*node.args, *(each.value for each in node.keywords)] if isinstance(node, ast.Call) else []
        words = [each.value for each in map(self._named, given) if isinstance(each, ast.Constant)]
        return said(str(words[0])) if words else "what was asked for"


def _found(region: Region) -> str:
    """``3 lakes were found``."""
    number = len(region.things)
    if not number:
        return f"no {region.what} was found"
    if region.what == "scene":
        return f"the scene has {area_words(sum(each.shape.area for each in region.things))}"
    if _is_one(region):
        return f"{the(region.what)} has {area_words(region.things[0].shape.area)}"
    return f"{counted(number, region.what)} {'was' if number == 1 else 'were'} found"


def _is_one(region: Region) -> bool:
    """Whether it is a thing that was chosen among others: the largest lake."""
    return len(region.things) == 1 and region.what.startswith(("largest ", "smallest "))
