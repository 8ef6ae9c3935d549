"""The first look at a program: which characters and words it is made of, before anything parses it."""

import keyword
import re

from graft_core.errors import QuestionError

LONGEST = 4000
"""Characters of a program."""
MOST_TOKENS = 800
"""Words, numbers, texts and signs of a program."""
DEEPEST_BRACKETS = 12
"""Brackets inside one another."""
LONGEST_TEXT = 200
"""Characters of one text between quotes."""

ALLOWED_KEYWORDS = frozenset({"and", "or", "not", "if", "else", "True", "False"})
_INSTEAD = {
    "import": "every function of the language is already there",
    "from": "every function of the language is already there",
    "for": "functions work on all things of a region at once, so there are no loops",
    "while": "functions work on all things of a region at once, so there are no loops",
    "def": 'give a name to a value instead: lake = find(scene, "lake")',
    "lambda": 'give a name to a value instead: lake = find(scene, "lake")',
    "class": 'give a name to a value instead: lake = find(scene, "lake")',
    "return": "the last line is the answer by itself",
    "elif": "write a choice in one line: a if b else c",
    "in": "compare with == instead",
    "is": "compare with == instead",
    "None": "use an empty find, or leave it out",
}
_TOKEN = re.compile(
    r"""(?P<space>[ \t]+)
      | (?P<newline>\n)
      | (?P<comment>\#[^\n]*)
      | (?P<text>"[^"\\\n]*"|'[^'\\\n]*')
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign>==|!=|<=|>=|\*\*|//|:=|->|[-+*/<>=()\[\],])""",
    re.VERBOSE,
)
_REFUSED_SIGNS = {"**", "//", ":=", "->"}


def shown(found: str) -> str:
    """What was found, short and printable, for a message."""
    line = " ".join(found.split())
    safe = "".join(char if char.isprintable() else "?" for char in line)
    return safe if len(safe) <= 40 else f"{safe[:37]}..."


def readable(text: str) -> str:
    """A program with plain line ends and nothing after its last line, made only of the language's words and signs.

    Raises:
        QuestionError: too long, or something stands in it that the language does not have.
    """
    if len(text) > LONGEST:
        raise QuestionError(f"The program has {len(text)} characters; keep it to {LONGEST}.")
    plain = text.replace("\r\n", "\n").replace("\r", "\n").rstrip()
    if not plain:
        raise QuestionError('The program is empty; write for example: exists(find(scene, "lake")).')
    _check_tokens(plain)
    return plain


def _check_tokens(text: str) -> None:
    line, depth, count, before = 1, 0, 0, ""
    at_start = True
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise QuestionError(_stray(text[position:], line))
        kind, found = str(token.lastgroup), token[0]
        if at_start and kind == "space" and not depth and text[token.end() : token.end() + 1] not in ("\n", "#"):
            raise QuestionError(f"Line {line} begins with a space; begin every line at its left edge.")
        _check_token(kind, found, before, line)
        depth += (found in "([") - (found in ")]") if kind == "sign" else 0
        if depth > DEEPEST_BRACKETS:
            raise QuestionError(f"Line {line} has more than {DEEPEST_BRACKETS} brackets open; {_NAME_PARTS}.")
        count += kind not in ("space", "newline", "comment")
        if count > MOST_TOKENS:
            raise QuestionError(f"The program has more than {MOST_TOKENS} words and signs; ask for less at once.")
        line, at_start = line + (kind == "newline"), kind == "newline"
        before, position = kind, token.end()


_NAME_PARTS = "give parts of it a name on lines of their own"


def _check_token(kind: str, found: str, before: str, line: int) -> None:
    if kind == "name":
        _check_name(found, before, line)
    elif kind == "text":
        if before in ("name", "text", "number"):
            raise QuestionError(f"Line {line} has {shown(found)} right behind something else; a text stands by itself.")
        if len(found) - 2 > LONGEST_TEXT:
            raise QuestionError(f"A text in line {line} has {len(found) - 2} characters; keep it to {LONGEST_TEXT}.")
        if not found.isprintable():
            raise QuestionError(f"A text in line {line} holds characters that cannot be printed; type it again.")
    elif kind == "comment" and not found.replace("\t", " ").isprintable():
        raise QuestionError(f"The comment in line {line} holds characters that cannot be printed; type it again.")
    elif kind == "number" and before in ("name", "number"):
        raise QuestionError(f"Line {line} has the number {shown(found)} right behind something else; put a space.")
    elif found in _REFUSED_SIGNS:
        raise QuestionError(
            f"Line {line} has '{found}', which is not in the language; it calculates with + - * / only."
        )


def _check_name(found: str, before: str, line: int) -> None:
    if before == "number":
        raise QuestionError(f"Line {line} has '{shown(found)}' right behind a number; put a space between them.")
    if len(found) > 40:
        raise QuestionError(f"A name in line {line} has {len(found)} characters; keep it to 40.")
    if found.startswith("_") or "__" in found:
        raise QuestionError(f"Line {line} has the name '{found}'; names begin with a letter and hold no '__'.")
    if keyword.iskeyword(found) and found not in ALLOWED_KEYWORDS:
        instead = _INSTEAD.get(
            found, "it knows assignments, calls, comparisons, and, or, not, + - * / and a if b else c"
        )
        raise QuestionError(f"Line {line} has '{found}', which is not in the language: {instead}.")


def _stray(rest: str, line: int) -> str:
    """Why the language has no such character."""
    char = rest[0]
    if char in "\"'":
        return f'A text in line {line} is not closed, or holds a backslash; write it in one line as "lake".'
    if char == ".":
        return f"Line {line} has a '.', but values have no attributes; call functions by name: count(lake)."
    if char == ":":
        return f"Line {line} has a ':', but the language has no blocks; write a choice as a if b else c."
    if char in "{}@%;`$&|^~!?\\":
        return (
            f"Line {line} has '{char}', which is not in the language; write assignments and calls such as count(lake)."
        )
    if char.isalpha():
        return (
            f"Line {line} has the name '{shown(rest.split()[0])}'; names are made of the letters a to z, digits and _."
        )
    return f"Line {line} holds '{shown(char) or 'a character'}', which is not in the language; type it again."
