"""Photos that people took at places of a demo world, and what they wrote under them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graft_core.types import U8
from graft_core.world import captions, ground

DISTRACTOR_SHARE = 0.12
"""Share of photos that show no place (indoors, portraits, food), as in any collection from the web."""


@dataclass(frozen=True)
class Snapshot:
    """One photo."""

    pixels: U8
    """(S, S, 3) RGB."""
    heading: float
    """Direction of view, degrees clockwise from north."""
    caption: str
    """A true sentence; the teacher alone may read it."""


def take_photos(
    seed: int,
    positions: npt.NDArray[np.float64],
    rng: np.random.Generator,
    size: int,
    *,
    distractor_share: float = DISTRACTOR_SHARE,
) -> Iterator[Snapshot]:
    """One photo of ``size`` pixels at each of the (N, 2) world metres, in their order.

    Args:
        seed: of the world.
        positions: where the photos are taken.
        rng: headings, the looks of each photo, and which of them show no place.
        size: side of a photo, pixels.
        distractor_share: share of photos that show no place, in [0, 1].
    """
    headings = rng.uniform(0, 360, len(positions)).tolist()
    places = positions.tolist()
    views = ground.look(seed, [x for x, _ in places], [y for _, y in places], headings)
    for (x, y), heading, view in zip(places, headings, views, strict=True):
        photo_seed = int(rng.integers(2**31))
        if rng.random() < distractor_share:
            pixels, kind = ground.render_distractor(photo_seed, size)
            yield Snapshot(pixels, heading, captions.caption(kind, rng))
            continue
        pixels = ground.render_photo(seed, x, y, heading, photo_seed, size, view=view)
        facts = ground.photo_facts(seed, x, y, heading, photo_seed, view=view)
        text = captions.caption(facts.place, rng, behind=facts.behind, weather=facts.weather, season=facts.season)
        yield Snapshot(pixels, heading, text)
