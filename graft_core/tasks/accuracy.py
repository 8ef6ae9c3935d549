"""How far a label map agrees with what is known about the ground.

Only ground that the reference knows counts, and only the classes that the map and the reference both have: what the
reference calls something else is left out and named. A pixel that the map is unsure of is not agreed on: it counts
against overall accuracy, recall and IoU of its true class, but against no class's precision.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import numpy as np
from odc.geo.geobox import GeoBox

from graft_core.errors import ExportError
from graft_core.io.reference import UNKNOWN, Reference
from graft_core.tasks.class_areas import passed
from graft_core.tasks.classify import LabelMap
from graft_core.types import I64, U8, Progress

SHOWN = 12
"""Names that a message lists."""


class NothingKnownError(ExportError):
    """A reference knows no ground of a map's classes."""


@dataclass(frozen=True)
class ClassAccuracy:
    """How far one class agrees; NaN where there is nothing to divide by."""

    name: str
    """As the map calls it."""
    truth: int
    """Pixels that the reference gives it."""
    predicted: int
    """Pixels that the map gives it, where the reference knows the ground."""
    precision: float
    """Share of ``predicted`` that the reference agrees with."""
    recall: float
    """Share of ``truth`` that the map agrees with."""
    iou: float
    """Intersection over union; NaN for a class that the reference does not show here."""


@dataclass(frozen=True, eq=False)
class Accuracy:
    """How far a label map agrees with a reference."""

    reference: str
    """Path of the reference."""
    names: tuple[str, ...]
    """Classes of the map."""
    confusion: I64
    """(C, C + 1) pixels by true class and by what the map says, unsure last."""
    left_out: Mapping[str, int]
    """Pixels of reference classes that the map does not have, by name."""

    @property
    def pixels(self) -> int:
        """Pixels compared."""
        return int(self.confusion.sum())

    @property
    def overall(self) -> float:
        """Share of the pixels compared that agree (OA)."""
        return _ratio(int(np.diag(self.confusion).sum()), self.pixels)

    @property
    def unsure(self) -> float:
        """Share of the pixels compared that the map is unsure of."""
        return _ratio(int(self.confusion[:, -1].sum()), self.pixels)

    @property
    def mean_iou(self) -> float:
        """Mean IoU of the classes that the reference shows (mIoU)."""
        return float(np.nanmean([each.iou for each in self.classes]))

    @property
    def classes(self) -> tuple[ClassAccuracy, ...]:
        """Each class by itself."""
        square = self.confusion[:, :-1]
        rows = zip(self.names, np.diag(square), self.confusion.sum(axis=1), square.sum(axis=0), strict=True)
        return tuple(_class_accuracy(name, int(both), int(truth), int(said)) for name, both, truth, said in rows)


class Agreement:
    """Compares a map with a reference while the map passes by."""

    def __init__(self, made: LabelMap, reference: Reference, matching: I64) -> None:
        """``matching`` as ``match_classes`` gives it."""
        self._map = made
        self._reference = reference
        self._matching = matching
        self._counts = np.zeros((len(reference.names), len(made.classes) + 2), np.int64)

    def add(self, target: GeoBox, labels: U8) -> None:
        """Take in a window of the map, (h, w)."""
        truth = self._reference.window(target)
        known = truth != UNKNOWN
        pairs = truth[known] * self._counts.shape[1] + labels[known]
        self._counts += np.bincount(pairs, minlength=self._counts.size).reshape(self._counts.shape)

    def accuracy(self) -> Accuracy:
        """What was counted; NothingKnownError where the reference knows nothing about the map's ground."""
        names = tuple(each.name for each in self._map.classes)
        confusion = np.zeros((len(names), len(names) + 1), np.int64)
        left_out = {}
        for name, row, number in zip(self._reference.names, self._counts[:, 1:], self._matching, strict=True):
            if number != UNKNOWN:
                confusion[number] += row
            elif row.any():
                left_out[name] = int(row.sum())
        if not confusion.any():
            raise NothingKnownError(
                f"The reference {self._reference.path} knows no pixel of scene {self._map.scene.name} whose class the "
                "map has; check that it lies over the scene, and its class names."
            )
        return Accuracy(str(self._reference.path), names, confusion, left_out)


def match_classes(reference: Reference, names: tuple[str, ...], same: Mapping[str, str] | None = None) -> I64:
    """(R,) position in ``names`` of each class of a reference, -1 for one that the map does not have.

    Args:
        reference: whose classes are sought.
        names: of the map's classes; compared whatever the case of their letters.
        same: reference class -> class of the map, where they are called differently; several may be one class.

    Raises:
        ExportError: ``same`` names a class that is not there, or (NothingKnownError) nothing matches.
    """
    own = {name.casefold(): number for number, name in enumerate(names)}
    theirs = {name.casefold() for name in reference.names}
    told = {key.casefold().strip(): value.casefold().strip() for key, value in (same or {}).items()}
    for key, value in told.items():
        if key not in theirs or value not in own:
            missing, where = (key, reference.names) if key not in theirs else (value, names)
            raise ExportError(f"There is no class '{missing}'; there are {_listed(where)}.")
    found = [own.get(told.get(name.casefold(), name.casefold()), UNKNOWN) for name in reference.names]
    if all(number == UNKNOWN for number in found):
        raise NothingKnownError(
            f"The reference {reference.path} has the classes {_listed(reference.names)}, and none of the map's "
            f"({_listed(names)}); name them alike, or say which are the same."
        )
    return np.array(found, np.int64)


def check_reference(reference: Reference, geobox: GeoBox, scene: str) -> None:
    """Refuse a reference that lies elsewhere (ExportError), before any work is done for it."""
    if not reference.meets(geobox):
        raise ExportError(f"The reference {reference.path} does not meet scene {scene}; give one that lies over it.")


def accuracy(
    made: LabelMap, reference: Reference, same: Mapping[str, str] | None = None
) -> Generator[Progress, None, Accuracy]:
    """Compare a map with a reference on the map's pixels; memory does not grow with the map.

    Args:
        made: the map.
        reference: what is known about the ground, in any CRS and on any grid.
        same: as for ``match_classes``.

    Yields:
        Progress in pixels.

    Raises:
        ExportError: the reference does not lie over the map, or (NothingKnownError) knows nothing of its classes there.
    """
    check_reference(reference, made.geobox, made.scene.name)
    compared = Agreement(made, reference, match_classes(reference, tuple(each.name for each in made.classes), same))
    yield from passed(made, [compared.add])
    return compared.accuracy()


def _class_accuracy(name: str, both: int, truth: int, said: int) -> ClassAccuracy:
    iou = _ratio(both, truth + said - both) if truth else float("nan")
    return ClassAccuracy(name, truth, said, _ratio(both, said), _ratio(both, truth), iou)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
