"""Where: things to be shown on the map."""

from graft_core.ask.count_sentences import things
from graft_core.ask.draft import Draft, Groups, Sizes, sentence
from graft_core.ask.phrases import read_phrase


def _shown(groups: Groups, sizes: Sizes) -> Draft | None:
    named = things(groups["x"], sizes)
    return named.draft if named else None


def _which(groups: Groups, sizes: Sizes) -> Draft | None:
    """Which houses are near a lake?"""
    named = read_phrase(f"{groups['x']} {groups['where']}", sizes)
    return named.draft if named and not named.plain and not named.whole else None


def _extreme(groups: Groups, sizes: Sizes) -> Draft | None:
    """Which lake is the largest?"""
    named = things(f"{groups['extreme']} {groups['x']}", sizes)
    return named.draft if named else None


PLACES = (
    sentence(r"where (?:is|are|do you see|can i see) (?P<x>.+?)(?: (?:located|situated|found))?", _shown),
    sentence(r"where (?:can|could) (?:i|we|you) (?:find|see) (?P<x>.+)", _shown),
    sentence(r"(?:find|list|locate|mark|outline|highlight|map|display|draw|point out) (?:me )?(?P<x>.+)", _shown),
    sentence(r"show (?:me |us )?(?P<x>.+)", _shown),
    sentence(r"what is (?P<x>the (?:largest|biggest|smallest) .+)", _shown),
    sentence(r"which (?P<x>.+?) (?:is|are) (?:the )?(?P<extreme>largest|biggest|smallest)", _extreme),
    sentence(r"which (?P<x>.+?) (?:is|are|lie|lies) (?P<where>.+)", _which),
)
