"""Who is still in: each photo that is left out is written down once, with its reason."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from graft_core.io.photos import PhotoList
from graft_core.train.pairs.report import NAMED_PER_REASON, PLACES_DRAWN, NamedPhoto, Ring
from graft_core.types import I64, Bool

SAME_PLACE = "listed twice"
SAME_BYTES = "copy of another photo"
INACCURATE = "position too inaccurate"
OUTSIDE = "outside every scene"
OTHER_TIME = "no scene near its day"
NO_PLACE = "shows no place"
CROWDED = "more photos than a tile takes"
NO_IMAGERY = "tile mostly without imagery"
OVERLAP = "tile overlaps a validation tile"


class Ledger:
    """The photos of a list, and why some of them are left out."""

    def __init__(self, photos: PhotoList) -> None:
        self._photos = photos
        self._reasons: dict[str, dict[int, str]] = {}
        self.kept: Bool = np.ones(len(photos.places), np.bool_)
        """(N,) photos that are still in."""
        self.tiles: dict[str, int] = {}
        """Reason -> tiles that were placed and left out again."""
        for i, problem in photos.problems.items():
            self.leave_out([i], problem.reason, {i: problem.detail})

    @property
    def rows(self) -> I64:
        """Positions of the photos that are still in."""
        return np.flatnonzero(self.kept)

    def leave_out(self, rows: Sequence[int] | I64, reason: str, details: Mapping[int, str] | str = "") -> None:
        """Strike photos that are still in, with a reason and what is the matter with each."""
        for i in map(int, rows):
            if self.kept[i]:
                self.kept[i] = False
                self._reasons.setdefault(reason, {})[i] = details if isinstance(details, str) else details.get(i, "")

    def leave_out_tiles(self, photo: I64, owner: I64, tiles: Bool, reason: str) -> None:
        """Strike the photos of some tiles; ``photo`` and ``owner`` (P,) say whose they are, ``tiles`` (T,) which."""
        self.leave_out(photo[tiles[owner]], reason)
        if tiles.any():
            self.tiles[reason] = int(tiles.sum())

    def counts(self) -> dict[str, int]:
        """Reason -> photos, the most frequent first."""
        return dict(Counter({reason: len(rows) for reason, rows in self._reasons.items()}).most_common())

    def named(self) -> tuple[NamedPhoto, ...]:
        """The first photos of each reason."""
        return tuple(
            NamedPhoto(self._photos.places[i], reason, detail)
            for reason, rows in self._reasons.items()
            for i, detail in list(rows.items())[:NAMED_PER_REASON]
        )

    def places(self) -> Ring:
        """(lon, lat) of photos that are left out and have a place, evenly chosen where there are many."""
        placed = np.flatnonzero(~self.kept & np.isfinite(self._photos.lonlat).all(axis=1))
        step = max(1, -(-len(placed) // PLACES_DRAWN))
        return tuple((lon, lat) for lon, lat in self._photos.lonlat[placed[::step]].round(6).tolist())
