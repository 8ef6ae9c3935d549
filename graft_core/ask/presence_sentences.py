"""Yes or no: is it there, are there more than five, do all of them lie near a lake."""

from graft_core.ask.condition import there_is
from graft_core.ask.draft import Builder, Draft, Groups, Sizes, drafted, sentence
from graft_core.ask.phrases import read_phrase
from graft_core.ask.question_text import WHOLE

SEEN = (
    r"(?:(?:present|visible|shown|there|located|situated|found|seen|depicted|in sight|to be (?:seen|found)"
    r"|that (?:can be|is|are) (?:seen|visible|shown)|(?:that )?(?:you|we|one) can see))"
)
"""Pattern of words that only say that something is there."""
_SEE = r"(?:see|find|spot|detect|recogni[sz]e|identify|make out|notice|observe)"


def _present(groups: Groups, sizes: Sizes) -> Draft | None:
    return there_is(groups["x"], sizes)


def _absent(groups: Groups, sizes: Sizes) -> Draft | None:
    named = read_phrase(groups["x"], sizes)
    return drafted("not exists({})", named.draft) if named and not named.whole else None


def _related(groups: Groups, sizes: Sizes) -> Draft | None:
    """Is the house near a lake?"""
    named = read_phrase(groups["x"], sizes)
    return drafted("exists({})", named.draft) if named and not named.plain and not named.whole else None


def _of_all(template: str) -> Builder:
    """Are all houses near a lake? Are most of them?"""

    def build(groups: Groups, sizes: Sizes) -> Draft | None:
        kept = read_phrase(f"{groups['x']} {groups['where']}", sizes)
        among = read_phrase(groups["x"], sizes)
        if kept is None or among is None or kept.plain or among.whole:
            return None
        return drafted(template, kept.draft, among.draft)

    return build


def _here(groups: Groups, sizes: Sizes) -> Draft | None:
    """Is this a harbour?"""
    named = read_phrase(groups["x"], sizes)
    return drafted("exists({})", named.draft) if named and named.plain else None


PRESENCE = (
    sentence(rf"(?:is|are|was|were) there (?P<x>.+?)(?: {SEEN})?", _present),
    sentence(rf"there (?:is|are) (?P<x>.+?)(?: {SEEN})?", _present),
    sentence(rf"(?:is|are|was|were) (?:there )?(?P<x>.+?) (?:also |actually )?{SEEN}", _present),
    sentence(r"(?:is|are) (?P<x>.+?) (?:missing|absent|not (?:present|visible|there|shown))", _absent),
    sentence(rf"(?:do|can|could|did) (?:you|we|i|one|anyone) (?:also )?{_SEE} (?P<x>.+)", _present),
    sentence(r"have you (?:seen|found|spotted|detected) (?P<x>.+)", _present),
    sentence(r"can (?P<x>.+?) be (?:seen|found|spotted|detected|recogni[sz]ed|identified)", _present),
    sentence(r"(?:do|does) (?P<x>.+?) (?:exist|appear|occur|show up)", _present),
    sentence(
        rf"(?:do|does) (?:{WHOLE}|it) (?:contain|show|have|include|hold|feature|depict|display) (?P<x>.+)", _present
    ),
    sentence(rf"(?P<x>any .+?)(?: {SEEN})?", _present),
    sentence(
        r"(?:is|are|do|does) (?:all|every|each)(?: of)?(?: the)? (?P<x>.+?) (?:lie |stand )?(?P<where>.+)",
        _of_all("count({}) == count({})"),
    ),
    sentence(
        r"(?:are|do) most(?: of)?(?: the)? (?P<x>.+?) (?:lie |stand )?(?P<where>.+)",
        _of_all("count({}) / count({}) > 0.5"),
    ),
    sentence(r"(?:is|are|do|does) (?P<x>(?:a|an|any|some|the|one of the) .+)", _related),
    sentence(
        rf"(?:is|are) (?:this|that|it|these|those|{WHOLE}) "
        r"(?:an? (?:picture|image|view|photo|map) of )?(?P<x>(?:a|an) .+)",
        _here,
    ),
)
