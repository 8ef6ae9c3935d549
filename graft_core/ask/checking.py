"""Whether a tree is in the language: which nodes, which names, which kinds of values go where."""

import ast
import difflib
from collections.abc import Iterable, Mapping

from graft_core.ask.functions import FUNCTIONS, Function, Kind
from graft_core.ask.tokens import shown
from graft_core.ask.vision import MOST_TEXTS, checked_words
from graft_core.errors import QueryError, QuestionError

DEEPEST = 20
"""Expressions inside one another."""
MOST_CALLS = 40
"""Calls of a program."""
LARGEST_NUMBER = 1e12
"""A typed number."""

Kinds = frozenset[Kind]
"""What an expression may come to: several where a choice has two sides."""
NodeKinds = Mapping[str, Kinds]
"""What each name holds."""

ARTICLE: Mapping[Kind, str] = {
    "region": "a region", "number": "a number", "truth": "a yes or no", "text": "a text", "texts": "a list of texts",
}  # fmt: skip
_LACKING: Mapping[type, str] = {
    ast.Attribute: "an attribute", ast.Subscript: "an index", ast.Lambda: "a function of its own",
    ast.ListComp: "a loop", ast.GeneratorExp: "a loop", ast.JoinedStr: "a text made of parts", ast.Tuple: "a tuple",
    ast.NamedExpr: "a name given inside an expression", ast.Starred: "a star before a value", ast.Slice: "a slice",
}  # fmt: skip
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_COMPARISONS = (ast.Eq, ast.NotEq, *_ORDER)
_HAS = "The language has assignments, calls, comparisons, and, or, not, + - * / and a if b else c"


class Checker:
    """What has been seen of a program so far."""

    def __init__(self) -> None:
        self.names: dict[str, Kinds] = {"scene": frozenset({"region"})}
        self._calls = 0

    def assignment(self, statement: ast.stmt) -> None:
        """Check any line but the last."""
        line = statement.lineno
        if isinstance(statement, ast.Expr):
            raise QuestionError(
                f"Line {line} gives its value no name, and only the last line may; write x = before it."
            )
        if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
            raise QuestionError(f"Line {line} is not in the language; write name = expression.")
        name = statement.targets[0].id
        if len(statement.targets) > 1:
            raise QuestionError(f"Line {line} gives one value two names; write one name = expression on a line.")
        if name in FUNCTIONS:
            raise QuestionError(f"Line {line} takes the name of the function {name}(); choose another name.")
        if name in self.names:
            raise QuestionError(f"Line {line} gives '{name}' another value; choose another name.")
        self.names[name] = self._kinds(statement.value, 1)

    def answer(self, statement: ast.stmt) -> None:
        """Check the last line."""
        if isinstance(statement, ast.Assign):
            raise QuestionError(
                f"Line {statement.lineno} is the last and only gives a name; end with the value that is the answer."
            )
        if not isinstance(statement, ast.Expr):
            raise QuestionError(f"Line {statement.lineno} is not in the language; end with an expression.")
        if "texts" in self._kinds(statement.value, 1):
            raise QuestionError(f"Line {statement.lineno} comes to a list of texts, which answers nothing.")

    def _kinds(self, node: ast.expr, depth: int) -> Kinds:
        if depth > DEEPEST:
            raise QuestionError(f"Line {node.lineno} is nested too deeply; give its parts names on lines of their own.")
        match node:
            case ast.Call():
                return self._call(node, depth)
            case ast.Name():
                return self._name(node)
            case ast.Constant():
                return _constant(node)
            case ast.List():
                return self._texts(node, depth)
            case ast.Compare():
                return self._compare(node, depth)
            case ast.BoolOp():
                self._all_truths(node.values, depth)
                return frozenset({"truth"})
            case ast.UnaryOp(op=ast.Not()):
                self._all_truths([node.operand], depth)
                return frozenset({"truth"})
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                self._all_numbers([node.operand], depth)
                return frozenset({"number"})
            case ast.BinOp() if isinstance(node.op, _ARITHMETIC):
                self._all_numbers([node.left, node.right], depth)
                return frozenset({"number"})
            case ast.IfExp():
                self._all_truths([node.test], depth)
                return self._kinds(node.body, depth + 1) | self._kinds(node.orelse, depth + 1)
        lacking = _LACKING.get(type(node), "an expression")
        raise QuestionError(f"Line {node.lineno} has {lacking}, which is not in the language. {_HAS}.")

    def _name(self, node: ast.Name) -> Kinds:
        if node.id in self.names:
            return self.names[node.id]
        if node.id in FUNCTIONS:
            raise QuestionError(
                f"Line {node.lineno} has {node.id} without brackets; write {FUNCTIONS[node.id].example}."
            )
        raise QuestionError(
            f"Line {node.lineno} has '{node.id}', which no line above it gives a value{_close(node.id, self.names)}; "
            f"known are {', '.join(self.names)}."
        )

    def _call(self, node: ast.Call, depth: int) -> Kinds:
        self._calls += 1
        if self._calls > MOST_CALLS:
            raise QuestionError(f"The program has more than {MOST_CALLS} calls; ask for less at once.")
        if not isinstance(node.func, ast.Name):
            raise QuestionError(
                f"Line {node.lineno} calls what is no function; functions are called by name: count(lake)."
            )
        function = FUNCTIONS.get(node.func.id)
        if function is None:
            raise QuestionError(
                f"Line {node.lineno} calls {node.func.id}(), which the language does not have"
                f"{_close(node.func.id, FUNCTIONS)}; it has {', '.join(FUNCTIONS)}."
            )
        given = arguments(node, function)
        for position, (name, wanted) in enumerate(function.takes.items()):
            self._argument(function, position, wanted, given[name], depth)
        return frozenset({function.gives})

    def _argument(self, function: Function, position: int, wanted: Kind, node: ast.expr, depth: int) -> None:
        given = self._kinds(node, depth + 1)
        wrong = [kind for kind in ARTICLE if kind in given - {wanted}]
        if wrong:
            place = ("first", "second", "third")[position]
            raise QuestionError(
                f"Line {node.lineno} gives {function.name}() {ARTICLE[wrong[0]]} {place}; it takes {ARTICLE[wanted]} "
                f"there, as in {function.example}."
            )
        if not function.looks or wanted not in ("text", "texts"):
            return
        literals = node.elts if isinstance(node, ast.List) else [node]
        for literal in literals:
            if isinstance(literal, ast.Constant):
                _check_words(str(literal.value), literal.lineno)

    def _texts(self, node: ast.List, depth: int) -> Kinds:
        if not 1 <= len(node.elts) <= MOST_TEXTS:
            raise QuestionError(
                f"Line {node.lineno} has a list of {len(node.elts)} texts; a list holds 1 to {MOST_TEXTS}, "
                'such as ["forest", "field"].'
            )
        for each in node.elts:
            if self._kinds(each, depth + 1) != {"text"}:
                raise QuestionError(
                    f'A list holds texts only, such as ["forest", "field"]; line {each.lineno} differs.'
                )
        return frozenset({"texts"})

    def _compare(self, node: ast.Compare, depth: int) -> Kinds:
        sides = [self._kinds(each, depth + 1) for each in (node.left, *node.comparators)]
        for op, left, right in zip(node.ops, sides[:-1], sides[1:], strict=True):
            if not isinstance(op, _COMPARISONS):
                raise QuestionError(
                    f"Line {node.lineno} has a comparison other than < <= > >= == !=; use one of these."
                )
            allowed: Iterable[Kind] = ("number",) if isinstance(op, _ORDER) else ("number", "text", "truth")
            if not any(left == right == {kind} for kind in allowed):
                raise QuestionError(
                    f"Line {node.lineno} compares {_told(left)} with {_told(right)}; compare numbers "
                    "such as count(lake), or two texts with ==."
                )
        return frozenset({"truth"})

    def _all_truths(self, nodes: Iterable[ast.expr], depth: int) -> None:
        for node in nodes:
            kinds = self._kinds(node, depth + 1)
            if kinds != {"truth"}:
                raise QuestionError(
                    f"Line {node.lineno} has {_told(kinds)} where a yes or no belongs; "
                    "write exists(lake) or a comparison."
                )

    def _all_numbers(self, nodes: Iterable[ast.expr], depth: int) -> None:
        for node in nodes:
            kinds = self._kinds(node, depth + 1)
            if kinds != {"number"}:
                raise QuestionError(
                    f"Line {node.lineno} calculates with {_told(kinds)}; "
                    "take a number such as count(lake) or area(lake)."
                )


def arguments(node: ast.Call, function: Function) -> dict[str, ast.expr]:
    """The expression for each argument of a call.

    Raises:
        QuestionError: one is missing, unknown or given twice.
    """
    line, names = node.lineno, list(function.takes)
    if any(isinstance(each, ast.Starred) for each in node.args) or any(each.arg is None for each in node.keywords):
        raise QuestionError(f"Line {line} has a star in a call of {function.name}(); write {function.example}.")
    if len(node.args) > len(names):
        raise QuestionError(
            f"Line {line} gives {function.name}() {len(node.args)} arguments; it takes {', '.join(names)}."
        )
    given = dict(zip(names, node.args, strict=False))
    for each in node.keywords:
        word = str(each.arg)
        if word not in function.takes:
            raise QuestionError(
                f"Line {line} gives {function.name}() the argument '{word}'{_close(word, names)}; "
                f"it takes {', '.join(names)}."
            )
        if word in given:
            raise QuestionError(f"Line {line} gives {function.name}() the argument '{word}' twice; give it once.")
        given[word] = each.value
    missing = [name for name in names if name not in given]
    if missing:
        raise QuestionError(f"Line {line} calls {function.name}() without {missing[0]}; write {function.example}.")
    return given


def _constant(node: ast.Constant) -> Kinds:
    value = node.value
    if isinstance(value, bool):
        return frozenset({"truth"})
    if isinstance(value, str):
        if not value.strip():
            raise QuestionError(f"Line {node.lineno} has an empty text; write words between the quotes.")
        return frozenset({"text"})
    if isinstance(value, int | float):
        if not abs(value) <= LARGEST_NUMBER:
            raise QuestionError(f"Line {node.lineno} has a number beyond {LARGEST_NUMBER:g}; write a smaller one.")
        return frozenset({"number"})
    raise QuestionError(f"Line {node.lineno} has '{shown(repr(value))}', which is not in the language. {_HAS}.")


def _check_words(words: str, line: int) -> None:
    try:
        checked_words(words)
    except (QuestionError, QueryError) as error:
        raise QuestionError(f"Line {line}: {error}") from None


def _told(kinds: Kinds) -> str:
    return " or ".join(ARTICLE[kind] for kind in ARTICLE if kind in kinds)


def _close(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return f" (did you mean '{near[0]}'?)" if near else ""
