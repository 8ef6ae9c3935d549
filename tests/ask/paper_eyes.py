"""Eyes that see hand-made shapes: a scene whose right answers are known, with no encoder."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from odc.geo.geom import Geometry

from graft_core.ask.values import Region, Thing
from graft_core.search.grammar import split_query
from graft_core.types import Progress


class PaperEyes:
    """Satisfies `graft_core.ask.eyes.Eyes`: shapes under names, on a square of paper 1 km wide.

    A text sees the things of each name it holds: ``lake + river`` sees both, and a plural sees its singular.
    """

    def __init__(
        self,
        shapes: Mapping[str, Sequence[Any | Thing]],
        best: Mapping[str, float] | None = None,
        side_m: float = 1000.0,
        reports: int = 1,
    ) -> None:
        """Draw a scene.

        Args:
            shapes: polygons in metres by name, as sure as can be, or things with a match of their own.
            best: highest match seen of a name of which nothing is there; 0.05 unless given.
            side_m: side of the paper; 0: no imagery at all.
            reports: how often a search reports progress.
        """
        self.things = {name: tuple(map(_thing, each)) for name, each in shapes.items()}
        self.best = dict(best or {})
        paper = (Thing(shapely.box(0, 0, side_m, side_m), 1.0),) if side_m else ()
        self.scene = Region(paper, "scene")
        self.asked: list[str] = []
        """Each text that was looked for, in order."""
        self._reports = reports

    def find(self, text: str) -> Generator[Progress, None, Region]:
        """What is drawn under the names in a text."""
        self.asked.append(text)
        for done in range(1, self._reports + 1):
            yield Progress(done, self._reports, "cells", 0.0)
        names = self._names(text)
        things = sorted((thing for name in names for thing in self.things.get(name, ())), key=lambda each: -each.match)
        best = max([thing.match for thing in things] or [self.best.get(name, 0.05) for name in names])
        return Region(tuple(things), text, best if self.scene.things else float("nan"))

    def shares(self, region: Region, texts: Sequence[str]) -> Generator[Progress, None, tuple[float, ...]]:
        """Part of the region that each text's shapes cover."""
        yield Progress(1, 1, "cells", 0.0)
        ground = shapely.union_all([thing.shape for thing in region.things])
        return tuple(self._covered(ground, text) for text in texts)

    def scores(self, region: Region, texts: Sequence[str]) -> Generator[Progress, None, tuple[float, ...]]:
        """The same parts: a shape matches wholly where it is and not at all elsewhere."""
        return (yield from self.shares(region, texts))

    def outline(self, shape: Any) -> Geometry:
        """The paper lies in UTM 32N, its corner at 500 km east, 5000 km north."""
        return Geometry(
            shapely.transform(shape, lambda points: points + np.array([500_000.0, 5_000_000.0])), "EPSG:32632"
        )

    def _covered(self, ground: Any, text: str) -> float:
        if not ground.area:
            return float("nan")
        drawn = shapely.union_all([thing.shape for name in self._names(text) for thing in self.things.get(name, ())])
        return float(shapely.intersection(ground, drawn).area / ground.area)

    def _names(self, text: str) -> list[str]:
        words = [piece.value for piece in split_query(text) if piece.weight > 0]
        return [word if word in self.things or word in self.best else word.removesuffix("s") for word in words]


def _thing(drawn: Any | Thing) -> Thing:
    return drawn if isinstance(drawn, Thing) else Thing(drawn, 1.0)


def square(x: float, y: float, side: float = 10.0) -> Any:
    """A square by its centre, metres."""
    return shapely.box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
