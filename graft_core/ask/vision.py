"""The functions of the language that look at the scene."""

import math
import re
from collections.abc import Generator
from dataclasses import dataclass, field, replace

from graft_core.ask.eyes import Eyes
from graft_core.ask.measures import count, per_km2, scene_km2, surest
from graft_core.ask.plurals import singular
from graft_core.ask.relations import within
from graft_core.ask.values import Number, Region, Text, Unknown
from graft_core.errors import QuestionError
from graft_core.search.grammar import split_query
from graft_core.types import Progress

Texts = tuple[Text, ...]
"""A list of texts, as a program writes it."""
MOST_TEXTS = 16
"""Texts of one list."""
SHARE_ERROR = 0.05
"""Standard deviation that a share is given; the map says nothing of its own error."""
SCORE_ERROR = 0.1
"""Standard deviation that a mean match probability is given where two are compared."""
NO_IMAGERY = "There is no imagery to look at."
_NOT_WORDS = re.compile(r"[/\\:<>|~`$]|[^\x20-\U0010ffff]")


@dataclass
class Sight:
    """The eyes of one run, with what they found."""

    eyes: Eyes
    """Who looks."""
    scene: Region
    """What is looked at."""
    most_things: int
    """Objects of one region, so that memory is bounded."""
    found: dict[str, Region] = field(default_factory=dict)
    """By words, so that nothing is looked for twice."""

    def find(self, words: str) -> Generator[Progress, None, Region]:
        """Objects of the whole scene."""
        if words not in self.found:
            seen = yield from self.eyes.find(words)
            if len(seen.things) > self.most_things:
                raise QuestionError(
                    f"find() found {len(seen.things):,} things like '{words}', more than the {self.most_things:,} "
                    "that a program may hold; ask about a smaller area."
                )
            self.found[words] = replace(seen, what=said(words))
        return self.found[words]


def checked_words(text: str) -> str:
    """The words of a query, refused where they are anything but words: a program opens no file.

    Raises:
        QuestionError: a path, an address, or a term that names an image.
        QueryError: no query at all.
    """
    odd = _NOT_WORDS.search(text)
    if odd:
        raise QuestionError(f"A text to look for is made of words, without '{odd[0].strip() or ' '}'; write \"lake\".")
    if any(piece.kind != "text" for piece in split_query(text)):
        raise QuestionError('A program looks for words only, never for images; write "lake".')
    return " ".join(text.split())


def said(words: str) -> str:
    """A query as an answer names it: ``lake + river + sea`` -> ``lake, river or sea``."""
    pieces = split_query(words)
    wanted = _either([singular(piece.value) for piece in pieces if piece.weight > 0])
    unwanted = _either([singular(piece.value) for piece in pieces if piece.weight < 0])
    return f"{wanted} but no {unwanted}" if wanted and unwanted else wanted or f"anything but {unwanted}"


def find(sight: Sight, region: Region, text: Text) -> Generator[Progress, None, Region]:
    """Things that look like a text and lie in a region with at least half of their area.

    Example: lake = find(scene, "lake")
    """
    seen = yield from sight.find(checked_words(text.value))
    if region.things is sight.scene.things:
        return seen
    return within(seen, region)


def share(sight: Sight, region: Region, text: Text) -> Generator[Progress, None, Number | Unknown]:
    """Part of a region's ground that a text covers, from 0 to 1; "lake + river" means either.

    Example: share(scene, "forest") > 0.5
    """
    if not region.things:
        return Unknown(f"There is no {region.what} to look at.")
    values = yield from sight.eyes.shares(region, (checked_words(text.value),))
    if math.isnan(values[0]):
        return Unknown(NO_IMAGERY)
    sure = math.erf(2 * SHARE_ERROR / (SHARE_ERROR * math.sqrt(2)))
    return Number(min(max(values[0], 0.0), 1.0), "share", sure * region.sure, SHARE_ERROR)


def density(sight: Sight, region: Region) -> Generator[Progress, None, Number | Unknown]:
    """How many things of a region there are for each square kilometre of the scene.

    Example: density(find(scene, "house"))
    """
    yield from ()
    counted = count(region)
    return counted if isinstance(counted, Unknown) else per_km2(counted, scene_km2(sight.scene))


def score(sight: Sight, region: Region, text: Text) -> Generator[Progress, None, Number | Unknown]:
    """How well a text fits a region as a whole, from 0 to 1.

    Example: score(scene, "city")
    """
    if not region.things:
        return Unknown(f"There is no {region.what} to look at.")
    values = yield from sight.eyes.scores(region, (checked_words(text.value),))
    return Unknown(NO_IMAGERY) if math.isnan(values[0]) else Number(values[0], "", region.sure, SCORE_ERROR)


def best_match(sight: Sight, region: Region, texts: Texts) -> Generator[Progress, None, Text | Unknown]:
    """The text of a list that fits a region best, each asked for itself.

    Example: best_match(largest(find(scene, "building")), ["church", "barn", "factory"])
    """
    if not region.things:
        return Unknown(f"There is no {region.what} to look at.")
    names = _names("best_match", texts)
    values = yield from sight.eyes.scores(region, names)
    return surest(names, values, SCORE_ERROR)


def classify(sight: Sight, region: Region, texts: Texts) -> Generator[Progress, None, Text | Unknown]:
    """The text of a list that covers most of a region.

    Example: classify(scene, ["forest", "field", "town"])
    """
    if not region.things:
        return Unknown(f"There is no {region.what} to look at.")
    names = _names("classify", texts)
    values = yield from sight.eyes.shares(region, names)
    return surest(names, values, SHARE_ERROR)


def _names(function: str, texts: Texts) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(checked_words(each.value) for each in texts))
    if not 1 <= len(names) <= MOST_TEXTS:
        raise QuestionError(f'{function}() takes a list of 1 to {MOST_TEXTS} texts; write ["forest", "field"].')
    return names


def _either(names: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
