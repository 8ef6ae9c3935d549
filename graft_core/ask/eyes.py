"""What a program can see: the vision functions that the language stands on, whoever provides them."""

from collections.abc import Generator, Sequence
from typing import Protocol

from graft_core.ask.values import Region
from graft_core.types import Progress


class Eyes(Protocol):
    """A scene, or an area of it, seen by an encoder."""

    @property
    def scene(self) -> Region:
        """What is looked at: the imagery inside the area of interest, one thing a piece."""

    def find(self, text: str) -> Generator[Progress, None, Region]:
        """Objects that match a query, in the area of interest.

        Args:
            text: a query of words, as an analyst types it.

        Yields:
            Progress in windows, cells, objects.

        Raises:
            QueryError: the query makes no sense.
        """

    def shares(self, region: Region, texts: Sequence[str]) -> Generator[Progress, None, tuple[float, ...]]:
        """Share of a region's area that each text fills, when the texts compete with each other and with all else.

        Args:
            region: part of the scene.
            texts: names; one name may be a union of several, written ``lake + river``.

        Returns:
            A share in [0, 1] for each text; they add up to 1 at most. NaN where the region has no imagery.
        """

    def scores(self, region: Region, texts: Sequence[str]) -> Generator[Progress, None, tuple[float, ...]]:
        """Mean match probability of each text over a region, each asked for itself, in [0, 1]; NaN without imagery."""
