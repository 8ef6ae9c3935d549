"""What was looked for, as an answer says it: ``1 lake``, ``3 lakes near a road``, ``2 areas of water``."""

import re

from graft_core.ask.plurals import is_plural

_RELATION = re.compile(
    r" (?:within [\d.e+]+ m of|(?:north|south|east|west) of|in|outside|larger than|smaller than|but no) "
)
_MASS = frozenset({
    "asphalt", "concrete", "cropland", "desert", "farmland", "grass", "gravel", "greenery", "ice", "land",
    "lava", "mud", "rock", "rubble", "sand", "scrub", "smoke", "snow", "soil", "vegetation", "water",
    "wetland", "woodland", "agriculture", "grassland", "shrubland",
})  # fmt: skip
"""Nouns that are not counted."""
_OR = re.compile(r"( or |, )")
_INVARIANT = frozenset({
    "aircraft", "barracks", "crossroads", "gasworks", "headquarters", "premises", "sheep", "species", "works",
})  # fmt: skip
_IRREGULAR = {"leaf": "leaves", "man": "men", "person": "people", "woman": "women", "half": "halves"}


def counted(number: int, what: str) -> str:
    """``3 lakes near a road``."""
    return f"{number:,} {what if number == 1 and not _is_mass(what) else _some(number, what)}"


def plural(what: str) -> str:
    """The phrase with its head in the plural; what is not counted becomes areas of it."""
    return _some(2, what)


def stuff(what: str) -> str:
    """The phrase as a kind of ground, for areas and shares: ``forest``, ``lakes``, ``water``."""
    head, tail = _split(what)
    if head.startswith(("largest ", "smallest ")):
        return the(what)
    return f"{head if _is_mass(head) or head in _GROUND else plural(head)}{tail}"


_GROUND = frozenset({
    "forest", "wood", "meadow", "pasture", "orchard", "heath", "moor", "marsh", "swamp", "bare",
})  # fmt: skip


def _some(number: int, what: str) -> str:
    head, tail = _split(what)
    if " or " in head:
        return "".join(each if each in (" or ", ", ") else _some(number, each) for each in _OR.split(head)) + tail
    if _is_mass(head):
        return f"{'area' if number == 1 else 'areas'} of {head}{tail}"
    return f"{_plural_head(head)}{tail}"


def _split(what: str) -> tuple[str, str]:
    """The head and what follows it."""
    relation = _RELATION.search(what)
    return (what[: relation.start()], what[relation.start() :]) if relation else (what, "")


def _is_mass(what: str) -> bool:
    head = _split(what)[0]
    return " or " not in head and head.split(" ")[-1].lower() in _MASS


def _plural_head(head: str) -> str:
    front, of, rest = head.partition(" of ")
    *before, noun = front.split(" ")
    return " ".join([*before, _plural_noun(noun)]) + of + rest


def _plural_noun(noun: str) -> str:
    if noun in _INVARIANT or is_plural(noun):
        return noun
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if re.search(r"(?:s|x|z|ch|sh)$", noun):
        return f"{noun}es"
    if re.search(r"[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def with_article(what: str) -> str:
    """``a lake``, ``an orchard``, ``the largest lake``, ``water``."""
    head = _split(what)[0]
    if head == "scene" or head.startswith(("largest ", "smallest ")):
        return f"the {what}"
    if _is_mass(what) or is_plural(head):
        return what
    vowel = re.match(r"[aeio]|u(?!ni|s[aeiou])", head.lower())
    return f"{'an' if vowel else 'a'} {what}"


def the(what: str) -> str:
    """``the forest``."""
    return f"the {what}"
