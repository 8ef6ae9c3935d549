"""What was measured of one encoder on one set, with every choice that moves the figures."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from graft_core.evaluate.metrics import F64

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class SetResult:
    """One row of a table."""

    dataset: str
    """Layout, or the folder's name; ``eurosat-ms`` for the images of all bands."""
    fingerprint: str
    """Hex digits over the set's files; changed files, and a sample of them, change it."""
    images: int
    """Images, or scenes, that were looked at."""
    encoder: str
    """Its name; ``(mean of tokens)`` where a pixel-level one was asked for one vector an image."""
    encoder_key: str
    """Key of what its embeddings mean."""
    tile_px: int
    """Side of its input."""
    fit: str
    """How an image became that input: resize, pad or reflect; ``scene`` for scenes, which are cut into windows."""
    templates: tuple[str, ...]
    """Prompts, ``{}`` for the words; their vectors are averaged."""
    words: Mapping[str, str]
    """Class, as the set calls it -> what was asked for it."""
    figures: Mapping[str, float]
    """Figure -> value in [0, 1]."""
    by_class: Mapping[str, Mapping[str, float]]
    """Figure -> class -> value; classes that do not occur are left out."""

    @property
    def question(self) -> tuple[object, ...]:
        """What was measured, without the outcome: a later answer to the same takes the place of an earlier one."""
        asked = tuple(self.words.items()), tuple(self.figures)
        return self.dataset, self.fingerprint, self.encoder_key, self.encoder, self.fit, self.templates, *asked

    def to_json(self) -> dict[str, Any]:
        """JSON object."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "SetResult":
        """What ``to_json`` gave; KeyError or TypeError for anything else."""
        return SetResult(
            dataset=_of(str, value["dataset"]),
            fingerprint=_of(str, value["fingerprint"]),
            images=_of(int, value["images"]),
            encoder=_of(str, value["encoder"]),
            encoder_key=_of(str, value["encoder_key"]),
            tile_px=_of(int, value["tile_px"]),
            fit=_of(str, value["fit"]),
            templates=tuple(_of(str, each) for each in _of(list, value["templates"])),
            words={name: _of(str, each) for name, each in _of(dict, value["words"]).items()},
            figures=_figures(value["figures"]),
            by_class={name: _figures(each) for name, each in _of(dict, value["by_class"]).items()},
        )


def _figures(value: object) -> dict[str, float]:
    return {name: float(_of((int, float), each)) for name, each in _of(dict, value).items()}


def _of(kind: type[Kind] | tuple[type[Kind], ...], value: object) -> Kind:
    """A value of JSON that must be of one kind; TypeError otherwise."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no {kind}")
    return value


def rounded(value: float) -> float:
    """A figure as it is written down: four digits."""
    return round(value, 4)


def per_class(values: F64, classes: Sequence[str]) -> dict[str, float]:
    """(C,) values -> class -> value, without those that are NaN."""
    return {name: rounded(value) for name, value in zip(classes, values.tolist(), strict=True) if np.isfinite(value)}
