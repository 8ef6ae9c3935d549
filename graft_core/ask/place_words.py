"""Words for where one thing lies to another, or how large it is, and the call that keeps the things it holds for."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from graft_core.ask.draft import Draft, drafted
from graft_core.ask.quantities import AREA, LENGTH, literal, metres, square_metres

NEXT_TO_M = 30.0
"""Metres that "next to" allows between two things."""
NEAR_M = 100.0
"""Metres that "near" allows between two things."""

Place = Callable[[Draft, Draft], Draft]


@dataclass(frozen=True)
class PlaceWords:
    """Words for a relation or a size, found in a phrase."""

    start: int
    """First character."""
    end: int
    """First character behind them."""
    keep: Callable[[Draft, Draft | None], Draft]
    """The things for which it holds; the second is what they are compared with, None where it is a size."""
    needs_other: bool
    """Whether words for another thing must follow."""


def _near(limit_m: float) -> Place:
    return lambda a, b: drafted(f"near({{}}, {{}}, {literal(limit_m)})", a, b)


def _far(limit_m: float) -> Place:
    return lambda a, b: drafted("outside({}, {})", a, _near(limit_m)(a, b))


def _call(name: str) -> Place:
    return lambda a, b: drafted(f"{name}({{}}, {{}})", a, b)


def _corner(first: str, second: str) -> Place:
    return lambda a, b: _call(first)(_call(second)(a, b), b)


_SIDE = r"(?: hand)?(?: side)?"
_TO = r"(?:to |on |at |in )?(?:the )?"
_AWAY = r"(?: away)? (?:from|of|to)"
_NO_MORE = (
    r"(?:within|less than|fewer than|no more than|not more than|at most|up to|not further than|closer than"
    r"|(?:at|in) a distance of)"
)
_MORE = r"(?:more than|over|further than|farther than|at least|beyond|outside|not within)"
_SIMPLE: tuple[tuple[str, Place], ...] = (
    (r"far from|far away from|not near|not near to|not close to", _far(NEAR_M)),
    (r"not (?:next to|beside|by|adjacent to)", _far(NEXT_TO_M)),
    (
        r"(?:right |directly )?"
        r"(?:next to|beside|besides|by|adjacent to|alongside|along|bordering|touching|at the edge of)",
        _near(NEXT_TO_M),
    ),
    (
        r"near|near to|close to|nearby|around|in the (?:vicinity|neighbou?rhood|surroundings) of|not far from",
        _near(NEAR_M),
    ),
    (rf"{_TO}north[- ]?east of", _corner("north_of", "east_of")),
    (rf"{_TO}north[- ]?west of", _corner("north_of", "west_of")),
    (rf"{_TO}south[- ]?east of", _corner("south_of", "east_of")),
    (rf"{_TO}south[- ]?west of", _corner("south_of", "west_of")),
    (rf"{_TO}(?:north|top){_SIDE} of|above", _call("north_of")),
    (rf"{_TO}(?:south|bottom){_SIDE} of|below", _call("south_of")),
    (rf"{_TO}(?:west|left){_SIDE} of", _call("west_of")),
    (rf"{_TO}(?:east|right){_SIDE} of", _call("east_of")),
    (r"not inside|not in|not on|outside|outside of|not within|beyond", _call("outside")),
    (
        r"in the (?:middle|cent(?:re|er)) of|inside of|inside|within|into|in|surrounded by|enclosed by|contained in|on",
        _call("within"),
    ),
)
"""Longer words of a relation stand before shorter ones that they begin with."""
_LARGER = r"(?:larger|bigger|greater|more|over|above|at least)"
_SMALLER = r"(?:smaller|less|fewer|under|below|at most|no more|not more)"


def _sized(words: str, group: str) -> str:
    return (
        rf"(?:of |with (?:an area |a size )?(?:of )?|covering |measuring )?{words}(?: than)? (?P<{group}>{AREA})"
        r"(?: in size| in area| each)?"
    )


_WORDS = re.compile(
    r"\b(?:"
    + "|".join(
        (
            rf"{_NO_MORE} (?P<at_most>{LENGTH}){_AWAY}",
            rf"(?:{_MORE} )?(?P<away>{LENGTH}) away from",
            rf"{_MORE} (?P<beyond>{LENGTH}){_AWAY}",
            _sized(_LARGER, "larger"),
            _sized(_SMALLER, "smaller"),
            *(f"(?P<simple{number}>{words})" for number, (words, _) in enumerate(_SIMPLE)),
        )
    )
    + r")(?= |$)"
)
_LINK = re.compile(
    r"(?: that| which)?(?: (?:are|is|be|being|do|does|lie|lies|lying|stand|stands|standing|sit|sits|located|situated"
    r"|found|placed|built|both|there|parked|growing|directly))*$"
)
_JOINED = re.compile(r",? and(?: that| which)?(?: are| is| lie| lies)? (?=.)")


def first_place(text: str, start: int = 0) -> PlaceWords | None:
    """The first words in a text that say where or how large, from a character on."""
    found = _WORDS.search(text, start)
    if found is None:
        return None
    if found["larger"] or found["smaller"]:
        m2 = square_metres(found["larger"] or found["smaller"])
        call = f"{'larger_than' if found['larger'] else 'smaller_than'}({{}}, {literal(m2)})"
        return PlaceWords(found.start(), found.end(), lambda a, _: drafted(call, a), needs_other=False)
    place = _place(found)
    return PlaceWords(found.start(), found.end(), lambda a, b: place(a, b or a), needs_other=True)


def without_link(head: str) -> str:
    """The words before a place, without those that only lead to it: ``houses that are`` -> ``houses``."""
    return _LINK.sub("", f" {head.strip()}").strip()


def joined_place(text: str) -> tuple[str, str] | None:
    """Cut ``a road and north of a lake`` into what belongs to the first place and the next place."""
    for joint in _JOINED.finditer(text):
        if _WORDS.match(text, joint.end()):
            return text[: joint.start()].strip(), text[joint.end() :]
    return None


def _place(found: re.Match[str]) -> Place:
    if found["at_most"]:
        return _near(metres(found["at_most"]))
    if found["away"] or found["beyond"]:
        return _far(metres(found["away"] or found["beyond"]))
    return next(place for number, (_, place) in enumerate(_SIMPLE) if found[f"simple{number}"])
