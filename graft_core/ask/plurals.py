"""Singular and plural of English nouns, as far as what is seen from above needs them."""

import re

_AS_THEY_ARE = frozenset(
    (
        "aircraft", "barracks", "bus", "canvas", "crossroads", "gas", "gasworks", "glass", "grass", "headquarters",
        "lens", "moss", "pass", "premises", "series", "species", "spacecraft", "tennis", "works",
    )
)  # fmt: skip
"""End in s or stand for both."""
_IRREGULAR = {
    "barrackss": "barracks", "calves": "calf", "children": "child", "geese": "goose", "halves": "half",
    "leaves": "leaf", "men": "man", "oases": "oasis", "people": "person", "wharves": "wharf", "women": "woman",
}  # fmt: skip
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(.*[^aeiou])ies$", r"\1y"),
        (r"(.*(?:ch|sh|x|z|ss))es$", r"\1"),
        (r"(.*ouse)s$", r"\1"),
        (r"(.*us)es$", r"\1"),
        (r"(.*[^aeiou]o)es$", r"\1"),
        (r"(.+[^s])s$", r"\1"),
    )
)
_ENDS_ALONE = re.compile(r".*(?:ss|us|is|ics)$")
"""A singular that ends in s."""
_RELATIVE = re.compile(r"(.+?) (of .+)")


def singular(phrase: str) -> str:
    """The phrase with its main noun in the singular: ``places of worship`` -> ``place of worship``."""
    parts = _RELATIVE.fullmatch(phrase)
    if parts:
        return f"{singular(parts[1])} {parts[2]}"
    *front, noun = phrase.split(" ")
    return " ".join([*front, _singular_noun(noun)])


def is_plural(phrase: str) -> bool:
    """Whether the main noun is in the plural."""
    return singular(phrase) != phrase


def _singular_noun(noun: str) -> str:
    if noun in _AS_THEY_ARE or len(noun) < 4:
        return noun
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    for pattern, replacement in _RULES:
        if pattern.fullmatch(noun) and not _ENDS_ALONE.fullmatch(noun):
            return pattern.sub(replacement, noun)
    return noun
