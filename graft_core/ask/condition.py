"""What a yes-or-no question asks to be there: names joined by and, or, but no; numbers of them."""

import re

from graft_core.ask.draft import Draft, Sizes, drafted, halves
from graft_core.ask.phrases import read_phrase
from graft_core.ask.quantities import NUMBER, literal, number

LIMIT = (
    r"(?:(?P<at_least>at least|no less than|no fewer than|not less than|not fewer than"
    r"|(?:greater|larger|more) than or equal to)"
    r"|(?P<at_most>at most|no more than|not more than|up to|maximum|(?:less|smaller|fewer) than or equal to)"
    r"|(?P<above>(?:more|greater|larger|higher|bigger) than|over|above|exceeding)"
    r"|(?P<below>(?:less|fewer|smaller|lower) than|under|below)"
    r"|(?P<equal>exactly|just|only|precisely|equal to|the same as))"
)
"""Pattern of the words before a number that something is compared with."""
_SIGNS = {"at_least": ">=", "at_most": "<=", "above": ">", "below": "<", "equal": "=="}
_NUMBERED = re.compile(rf"(?:{LIMIT} )?(?P<n>{NUMBER}) (?P<x>.+)")
_FEW = re.compile(r"(?:several|multiple|a few|a couple of|more than one) (?P<x>.+)")
_NONE = re.compile(r"(?:no|not any|not a|not an|neither) (?P<x>.+)")
_JOINTS = (
    (" and is there ", "and"), (" and are there ", "and"), (" but not ", "and not"), (" but no ", "and not"),
    (" and no ", "and not"), (" as well as ", "and"), (" and also ", "and"), (" and ", "and"), (" nor ", "and not"),
    (" or ", "or"), (", ", "and"),
)  # fmt: skip
_LEAD = re.compile(r"(?:both|either) (?=.+ (?:and|or) )")
_MOST_PARTS = 6


def sign(groups: dict[str, str]) -> str:
    """The comparison that `LIMIT` matched; equality where it is missing."""
    return next((mark for name, mark in _SIGNS.items() if groups.get(name)), "==")


def there_is(text: str, sizes: Sizes, depth: int = 0) -> Draft | None:
    """Whether what a text names is there: ``lakes and rivers``, ``more than 5 houses near a lake``, ``no road``."""
    text = text.strip(" ,")
    if depth >= _MOST_PARTS:
        return None
    single = _single(text, sizes)
    if single is not None:
        return single
    text = _LEAD.sub("", text)
    listed = _listed(text, sizes)
    if listed is not None:
        return listed
    for separator, operator in _JOINTS:
        parts = ((_single(first, sizes), second) for first, second in halves(text, separator))
        left, second = next((part for part in parts if part[0]), (None, ""))
        right = there_is(second, sizes, depth + 1) if left else None
        if left and right:
            return drafted(f"{{}} {operator} {{}}", left, right)
    return None


def names_in(text: str) -> list[str]:
    """The parts of a list: ``a, b and c``."""
    return [part for part in re.split(r",? (?:and|or|vs|versus) |, ", text.strip(" ,")) if part]


def _single(text: str, sizes: Sizes) -> Draft | None:
    none = _NONE.fullmatch(text)
    if none:
        named = read_phrase(none["x"], sizes)
        return drafted("not exists({})", named.draft) if named else None
    several = _FEW.fullmatch(text)
    numbered = _NUMBERED.fullmatch(text)
    if several or numbered:
        named = read_phrase((several or numbered)["x"], sizes)  # type: ignore[index]
        limit = (
            "> 1" if several or numbered is None else f"{sign(numbered.groupdict())} {literal(number(numbered['n']))}"
        )
        if named and not named.whole:
            return drafted(f"count({{}}) {limit}", named.draft)
    named = read_phrase(text, sizes)
    return drafted("exists({})", named.draft) if named and not named.whole else None


def _listed(text: str, sizes: Sizes) -> Draft | None:
    """A list whose parts are all joined alike by the word before the last."""
    operators = {word.strip() for word in re.findall(r" and | or ", text)}
    parts = names_in(text)
    if "," not in text or len(operators) != 1 or not 2 <= len(parts) <= _MOST_PARTS:
        return None
    drafts = [draft for part in parts if (draft := _single(part, sizes))]
    if len(drafts) < len(parts):
        return None
    return drafted(f" {operators.pop()} ".join("{}" for _ in parts), *drafts)
