"""SAT-4 and SAT-6 (Basu et al. 2015): aerial chips of 28 pixels in one MATLAB file of level 5."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from graft_core.errors import BenchmarkError
from graft_core.types import I64, U8

_IMAGES, _LABELS = "test_x", "test_y"
_DAMAGED = (OSError, ValueError, TypeError, MatReadError, EOFError, IndexError, zlib.error, UnboundLocalError)
"""What the reader raises; the last one for a kind of array that there is not."""


@dataclass(frozen=True, eq=False)
class SatChips:
    """The test part of a set."""

    pixels: U8
    """(H, W, 4, N) red, green, blue and near infrared, as MATLAB lays them out; 300 MB for all of SAT-4."""
    label: I64
    """(N,) class, in the order of the columns of the file."""

    def rgb(self, i: int) -> U8:
        """(H, W, 3) of one chip."""
        return np.ascontiguousarray(self.pixels[:, :, :3, i])


def read_sat(path: Path, classes: int) -> SatChips:
    """Read the test images and labels of ``sat-4-full.mat`` or ``sat-6-full.mat``; the training part is left alone.

    Args:
        path: the file, or the folder that holds it alone.
        classes: how many the set has; the one-hot labels may lie along either axis.

    Raises:
        BenchmarkError: missing, damaged, in another format, or without ``test_x`` and ``test_y`` of the right shapes.
    """
    path = _file(path)
    try:
        found: dict[str, Any] = loadmat(path, variable_names=(_IMAGES, _LABELS))
    except NotImplementedError as error:
        raise BenchmarkError(
            f"{path} is a MATLAB file of version 7.3; save it as version 7 (save -v7), or take the published file."
        ) from error
    except _DAMAGED as error:
        raise BenchmarkError(f"{path} cannot be read as a MATLAB file ({error}); download it again.") from error
    if _IMAGES not in found or _LABELS not in found:
        raise BenchmarkError(f"{path} has no {_IMAGES} and {_LABELS}; give sat-4-full.mat or sat-6-full.mat.")
    pixels, hot = found[_IMAGES], found[_LABELS]
    if pixels.ndim != 4 or pixels.shape[2] < 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise BenchmarkError(f"{_IMAGES} of {path} is {pixels.shape} {pixels.dtype}, not (28, 28, 4, N) uint8.")
    return SatChips(pixels, _labels(hot, classes, pixels.shape[3], path))


def _file(path: Path) -> Path:
    if not path.is_dir():
        if not path.is_file():
            raise BenchmarkError(f"There is no file {path}; give sat-4-full.mat, sat-6-full.mat or their folder.")
        return path
    found = sorted(path.glob("*.mat"))
    if len(found) != 1:
        raise BenchmarkError(f"{path} holds {len(found)} .mat files; give the one that is meant.")
    return found[0]


def _labels(hot: Any, classes: int, count: int, path: Path) -> I64:
    """(N,) class of one-hot columns or rows."""
    if hot.shape == (count, classes) and hot.shape != (classes, count):
        hot = hot.T
    if hot.shape != (classes, count):
        raise BenchmarkError(
            f"{_LABELS} of {path} is {hot.shape}, and {classes} classes of {count} images are ({classes}, {count}): "
            "is it the other one of SAT-4 and SAT-6?"
        )
    if not ((hot != 0).sum(axis=0) == 1).all():
        raise BenchmarkError(f"{_LABELS} of {path} does not give every image one class; download it again.")
    return np.asarray(hot.argmax(axis=0), np.int64)
