"""Noun phrases: what a question names, as the expression that finds it."""

import re
from dataclasses import dataclass, replace

from graft_core.ask.draft import WORDS, Draft, Sizes, drafted, text_literal
from graft_core.ask.not_names import NOT_NAMES
from graft_core.ask.place_words import first_place, joined_place, without_link
from graft_core.ask.plurals import is_plural, singular
from graft_core.ask.quantities import literal
from graft_core.ask.question_text import WHOLE

MOST_WORDS = 6
"""Words of one name."""
MOST_PLACES = 4
"""Relations and sizes of one thing: houses near a road, north of a lake and larger than 200 m2 have three."""
DEEPEST = 4
"""Phrases inside each other: houses next to a road next to a lake has three."""

_DETERMINERS = re.compile(
    r"(?:(?:a|an|any|some|the|all|every|each|both|single|individual|several|various|different|visible|existing|actual|of"
    r"|(?:pieces?|kinds?|sorts?|types?|patch(?:es)?|plots?|presence) of) )+"
)
_SHAPE = re.compile(
    r"(?:(rectangular|square|circular|round|oval|triangular|elongated|curved|irregular)(?:[- ]shaped)? )(?=.)"
)
_SIZE = re.compile(r"(?:(small|little|tiny|medium|mid|large|big|huge)(?:[- ](?:sized|size|scale))? )(?=.)")
_EXTREME = re.compile(r"(?:single )?(?:(largest|biggest)|(smallest|tiniest)) (?=.)")
_COVER = re.compile(r"(?<=.) (?:cover|coverage)$")


@dataclass(frozen=True)
class Named:
    """A noun phrase that was read."""

    draft: Draft
    """Expression of the region."""
    words: str
    """Its main noun in the singular with what describes it, as a query; ``scene`` for the whole."""
    plural: bool
    """Whether it was written in the plural, so that it can be counted."""
    plain: bool
    """Whether it is a name only: no size, no relation."""
    whole: bool = False
    """Whether it stands for all that is looked at."""


def read_phrase(text: str, sizes: Sizes, depth: int = 0) -> Named | None:
    """The things a phrase names, such as ``small houses that are next to a road``; None where it is no such phrase."""
    text = text.strip(" ,:")
    if depth >= DEEPEST or not text:
        return None
    if re.fullmatch(WHOLE, text):
        return Named(Draft("scene"), "scene", plural=False, plain=False, whole=True)
    relation = first_place(text)
    while relation is not None:
        head = _read_head(without_link(text[: relation.start]), sizes)
        if head is not None:
            return _placed(head, text[relation.start :], sizes, depth)
        relation = first_place(text, relation.start + 1)
    return _read_head(text, sizes)


def read_plain(text: str, sizes: Sizes) -> Named | None:
    """A phrase that is a name only."""
    named = read_phrase(text, sizes)
    return named if named is not None and named.plain else None


def _placed(head: Named, text: str, sizes: Sizes, depth: int, left: int = MOST_PLACES) -> Named | None:
    """The things of ``head`` for which the relations in the rest of the phrase hold."""
    relation = first_place(text)
    if relation is None or relation.start or not left:
        return None
    rest = text[relation.end :].strip()
    if not relation.needs_other:
        kept = replace(head, draft=relation.keep(head.draft, None), plain=False)
        following = re.sub(r"^(?:and )?(?:that |which )?(?:(?:are|is) there |are |is |lie |lies )?", "", rest)
        return _placed(kept, following, sizes, depth, left - 1) if following else kept
    joined = joined_place(rest)
    first, following = joined if joined else (rest, "")
    draft = head.draft
    others = first.split(" and ")
    if len(others) > left:
        return None
    for other_text in others:
        other = read_phrase(other_text, sizes, depth + 1)
        if other is None or other.whole:
            return None
        draft = relation.keep(draft, other.draft)
    placed = replace(head, draft=draft, plain=False)
    return _placed(placed, following, sizes, depth, left - len(others)) if following else placed


def _read_head(text: str, sizes: Sizes) -> Named | None:
    """A noun with adjectives and articles before it."""
    text = _COVER.sub("", _without_start(text, _DETERMINERS))
    extreme = _EXTREME.match(text)
    text = text[extreme.end() :] if extreme else text
    limits: list[str] = []
    notices: list[str] = []
    while adjective := _SHAPE.match(text) or _SIZE.match(text):
        text = text[adjective.end() :]
        if adjective.re is _SHAPE:
            notices.append(f"Shapes are not measured: '{adjective[1]}' was left out.")
        else:
            limits.append(adjective[1])
    if not _is_name(text):
        return None
    words = singular(text)
    draft = Draft(f"find(scene, {text_literal(words)})", tuple(notices))
    for limit in limits:
        draft = _sized(draft, limit, sizes)
    if extreme:
        draft = drafted(f"{'largest' if extreme[1] else 'smallest'}({{}})", draft)
    plain = not limits and not extreme
    return Named(draft, words, is_plural(text) and not extreme, plain)


def _without_start(text: str, pattern: re.Pattern[str]) -> str:
    found = pattern.match(text)
    return text[found.end() :] if found else text


def _is_name(text: str) -> bool:
    words = text.split(" ")
    return (
        WORDS.fullmatch(text) is not None
        and len(words) <= MOST_WORDS
        and not words[0].isdigit()
        and words[:2] not in (["lot", "of"], ["lots", "of"])
        and "of" not in (words[0], words[-1])
        and NOT_NAMES.isdisjoint(words)
    )


def _sized(draft: Draft, word: str, sizes: Sizes) -> Draft:
    small, large = literal(sizes.small_m2), literal(sizes.large_m2)
    if word in ("small", "little", "tiny"):
        sized = drafted(f"smaller_than({{}}, {small})", draft)
        notice = f"Small means less than {small} m2."
    elif word in ("large", "big", "huge"):
        sized = drafted(f"larger_than({{}}, {large})", draft)
        notice = f"Large means more than {large} m2."
    else:
        sized = drafted(f"smaller_than(larger_than({{}}, {small}), {large})", draft)
        notice = f"Medium means {small} to {large} m2."
    return replace(sized, notices=(*sized.notices, notice))
