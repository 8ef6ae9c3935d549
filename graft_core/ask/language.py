"""The language of questions: assignments and one last line whose value is the answer.

It is a part of Python's syntax, so `ast` reads it; nothing of it is ever given to Python to run. A program is checked
whole, kinds of values included, before anything looks at a scene.
"""

import ast
from dataclasses import dataclass, field

from graft_core.ask.checking import Checker, NodeKinds
from graft_core.ask.tokens import readable, shown
from graft_core.errors import QuestionError

MOST_LINES = 60
"""Statements of a program."""
MOST_NODES = 600
"""Nodes of its tree."""


@dataclass(frozen=True)
class Program:
    """A program that is in the language."""

    text: str
    """As it was written, with plain line ends."""
    tree: ast.Module = field(repr=False, compare=False)
    """Assignments to one name each, each name once, then one expression."""
    kinds: NodeKinds = field(repr=False, compare=False)
    """What the names of the program hold."""

    @property
    def answer(self) -> ast.expr:
        """The last line."""
        last = self.tree.body[-1]
        assert isinstance(last, ast.Expr)
        return last.value

    @property
    def assigned(self) -> dict[str, ast.expr]:
        """The expression behind each name, in order."""
        pairs = [(each.targets[0], each.value) for each in self.tree.body if isinstance(each, ast.Assign)]
        return {name.id: value for name, value in pairs if isinstance(name, ast.Name)}

    def source(self, node: ast.expr) -> str:
        """A part of the program as it was written, in one line."""
        lines = (ast.get_source_segment(self.text, node) or "").splitlines()
        return " ".join(line.strip() for line in lines)


def parse(text: str) -> Program:
    """Read and check a program.

    Raises:
        QuestionError: it is not in the language or goes beyond its bounds; the message is a sentence that names the
            line, what stands there, and what to write instead.
    """
    plain = readable(text)
    tree = _tree(plain)
    if len(tree.body) > MOST_LINES:
        raise QuestionError(f"The program has {len(tree.body)} statements; keep it to {MOST_LINES}.")
    if sum(1 for _ in ast.walk(tree)) > MOST_NODES:
        raise QuestionError("The program is too long; ask for less at once.")
    if not tree.body:
        raise QuestionError('The program holds only comments; write for example: exists(find(scene, "lake")).')
    checker = Checker()
    *before, last = tree.body
    for statement in before:
        checker.assignment(statement)
    checker.answer(last)
    return Program(plain, tree, checker.names)


def _tree(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        lines = text.split("\n")
        number = min(max(error.lineno or 1, 1), len(lines))
        raise QuestionError(
            f"Line {number} cannot be read: '{shown(lines[number - 1])}' ({shown(error.msg or 'no expression')}); "
            'write it like count(find(scene, "house")).'
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise QuestionError("The program is nested too deeply; give its parts names on lines of their own.") from None
