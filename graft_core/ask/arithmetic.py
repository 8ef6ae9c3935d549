"""Signs of the language: what they come to, in which unit, and how sure that is."""

import ast
import math
from dataclasses import replace

from graft_core.ask.chances import decided, likely, more, same, same_text
from graft_core.ask.values import Number, Text, Truth, Unknown, Value
from graft_core.errors import QuestionError

LARGEST = 1e18
"""Numbers beyond it mean nothing on the ground."""


def calculated(op: ast.operator, left: Value, right: Value) -> Number | Unknown:
    """``+ - * /`` of two numbers.

    Raises:
        QuestionError: their units do not go together, or the result is too large.
    """
    for each in (left, right):
        if isinstance(each, Unknown):
            return each
    assert isinstance(left, Number)
    assert isinstance(right, Number)
    if isinstance(op, ast.Add | ast.Sub):
        value, unit, spread = _sum(op, left, right)
    elif isinstance(op, ast.Mult):
        value, unit, spread = _product(left, right)
    elif right.value == 0:
        return Unknown("There is nothing to divide by.")
    else:
        value, unit, spread = _quotient(left, right)
    if not (abs(value) <= LARGEST and spread <= LARGEST):
        raise QuestionError(f"A result goes beyond {LARGEST:g}; calculate with smaller numbers.")
    return Number(value, unit, left.sure * right.sure, spread)


def compared(op: ast.cmpop, left: Value, right: Value) -> Truth | Unknown:
    """Two numbers, two texts or two truths compared.

    Raises:
        QuestionError: the units of two numbers differ.
    """
    for each in (left, right):
        if isinstance(each, Unknown):
            return each
    if isinstance(op, ast.NotEq):
        equal = compared(ast.Eq(), left, right)
        return equal if isinstance(equal, Unknown) else Truth(not equal.value, equal.sure)
    if isinstance(left, Text) and isinstance(right, Text):
        return same_text(left, right)
    if isinstance(left, Truth) and isinstance(right, Truth):
        both = likely(left) * likely(right)
        return decided(left.value == right.value, both + (1 - likely(left)) * (1 - likely(right)))
    assert isinstance(left, Number)
    assert isinstance(right, Number)
    if isinstance(op, ast.Eq):
        return same(left, right)
    larger, smaller = (left, right) if isinstance(op, ast.Gt | ast.GtE) else (right, left)
    return more(larger, smaller, or_equal=isinstance(op, ast.GtE | ast.LtE))


def negated(op: ast.unaryop, value: Value) -> Value:
    """``not`` of a truth, a sign before a number."""
    if isinstance(value, Truth):
        return replace(value, value=not value.value)
    if isinstance(value, Number) and isinstance(op, ast.USub):
        return replace(value, value=-value.value)
    return value


def _sum(op: ast.operator, a: Number, b: Number) -> tuple[float, str, float]:
    if a.unit and b.unit and a.unit != b.unit:
        raise QuestionError(f"A number in {a.unit} and one in {b.unit} do not add up; calculate with like and like.")
    value = a.value + b.value if isinstance(op, ast.Add) else a.value - b.value
    return value, a.unit or b.unit, math.hypot(a.spread, b.spread)


def _product(a: Number, b: Number) -> tuple[float, str, float]:
    if a.unit == "share" or b.unit == "share":  # a share of an area is an area
        unit = b.unit if a.unit == "share" else a.unit
    elif not (a.unit and b.unit):
        unit = a.unit or b.unit
    else:
        unit = "m2" if a.unit == b.unit == "m" else ""
    return a.value * b.value, unit, math.hypot(a.spread * b.value, b.spread * a.value)


def _quotient(a: Number, b: Number) -> tuple[float, str, float]:
    value = a.value / b.value
    spread = math.hypot(a.spread / b.value, b.spread * value / b.value)
    part = a.unit == b.unit == "m2"
    return value, "share" if part else "" if b.unit else a.unit, spread
