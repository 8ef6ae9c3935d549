"""How many: counts, sums of counts, densities, and which there are more of."""

from graft_core.ask.condition import LIMIT, names_in, sign
from graft_core.ask.draft import Draft, Groups, Sizes, drafted, sentence
from graft_core.ask.phrases import Named, read_phrase
from graft_core.ask.presence_sentences import SEEN
from graft_core.ask.quantities import NUMBER, literal, number
from graft_core.ask.question_text import WHOLE

_NUMBER_OF = (
    r"(?:the |a )?(?:total |exact |overall |approximate )?(?:number|amount|count|quantity|total)(?: number)? of"
)
_THERE = (
    rf"(?:(?:are|is|were) (?:there|{SEEN})|there (?:are|is)|do (?:you|we|i) (?:see|count)"
    r"|can (?:you|we|i) (?:see|count)|(?:can|could) be (?:seen|found|counted)|exist|are|present|visible|shown)"
)
_HOLDS = rf"(?:does|do) (?:{WHOLE}|it) (?:contain|show|have|include|hold)"


def things(text: str, sizes: Sizes) -> Named | None:
    """A phrase that is not the whole scene."""
    named = read_phrase(text, sizes)
    return None if named is None or named.whole else named


def sum_of(function: str, text: str, sizes: Sizes) -> Draft | None:
    """``count`` or ``area`` of a phrase, or of each phrase in a list, added up."""
    named = things(text, sizes)
    if named is not None:
        return drafted(f"{function}({{}})", named.draft)
    parts = [things(part, sizes) for part in names_in(text)]
    drafts = [part.draft for part in parts if part is not None]
    if not 2 <= len(drafts) == len(parts) <= 6:
        return None
    return drafted(" + ".join(f"{function}({{}})" for _ in drafts), *drafts)


def _count(groups: Groups, sizes: Sizes) -> Draft | None:
    return sum_of("count", groups["x"], sizes)


def _amount(groups: Groups, sizes: Sizes) -> Draft | None:
    """The amount of houses is their number, the amount of water is its area."""
    named = things(groups["x"], sizes)
    if named is not None and not named.plural:
        return drafted("area({})", named.draft)
    return _count(groups, sizes)


def _density(groups: Groups, sizes: Sizes) -> Draft | None:
    named = things(groups["x"], sizes)
    return drafted("density({})", named.draft) if named else None


def _density_limit(groups: Groups, sizes: Sizes) -> Draft | None:
    density = _density(groups, sizes)
    return drafted(f"{{}} {sign(groups)} {literal(number(groups['n']))}", density) if density else None


def _limit(groups: Groups, sizes: Sizes) -> Draft | None:
    named = things(groups["x"], sizes)
    return drafted(f"count({{}}) {sign(groups)} {literal(number(groups['n']))}", named.draft) if named else None


_PER_KM2 = r"(?:per|for each|in each|in every|on each|a) (?:km2|square kilomet(?:re|er)|sq ?km)"

COUNTS = (
    sentence(rf"how many (?P<x>.+?)(?: {_THERE})? {_PER_KM2}(?: {_THERE})?", _density),
    sentence(rf"(?:what is )?{_NUMBER_OF} (?P<x>.+?)(?: {_THERE})? {_PER_KM2}", _density),
    sentence(rf"(?P<x>.+?) {_PER_KM2}", _density),
    sentence(r"how (?:dense|dense and crowded|densely (?:packed|built|spread)) (?:is|are) (?P<x>.+)", _density),
    sentence(rf"(?:what is )?(?:the )?density (?:of|for) (?P<x>.+?)(?: {_PER_KM2})?", _density),
    sentence(r"(?:what is )?the (?P<x>.+?) density", _density),
    sentence(rf"is the density of (?P<x>.+?) {LIMIT} (?P<n>{NUMBER})(?: {_PER_KM2})?", _density_limit),
    sentence(rf"(?:is|are) {_NUMBER_OF} (?P<x>.+?) {LIMIT} (?P<n>{NUMBER})", _limit),
    sentence(rf"how many (?P<x>.+?) {_THERE}", _count),
    sentence(rf"how many (?P<x>.+?) {_HOLDS}", _count),
    sentence(r"how many (?P<x>.+)", _count),
    sentence(rf"(?:what is |what are )?(?:the |a )?(?:amount|quantity) of (?P<x>.+?)(?: {_THERE})?", _amount),
    sentence(rf"(?:what is |what are |count |give |determine )?{_NUMBER_OF} (?P<x>.+?)(?: {_THERE})?", _count),
    sentence(r"(?:what is |what are )?the (?P<x>.+?) (?:count|number)", _count),
    sentence(rf"count (?:up )?(?P<x>.+?)(?: {_THERE})?", _count),
)
