"""BigEarthNet on disk: a folder a patch, a GeoTIFF a band, and what CORINE land cover says is in it.

Version 1 (Sumbul et al. 2019) keeps the labels of a patch in ``<patch>_labels_metadata.json`` beside its bands; version
2 (Clasen et al. 2024, "reBEN") in one ``metadata.parquet`` for all, whose column ``split`` says which patches are for
testing.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow
from pyarrow import parquet

from graft_core.errors import BenchmarkError
from graft_core.io.labelled_images import read_reflectance
from graft_core.types import U8

RGB = ("B04", "B03", "B02")
METADATA = "metadata.parquet"
_LABELS = "_labels_metadata.json"
_SPLIT = "test"


@dataclass(frozen=True)
class Patch:
    """One patch, 1.2 by 1.2 km."""

    folder: Path
    """Holds ``<name>_B04.tif`` and the other bands; the folder has the patch's name."""
    labels: tuple[str, ...]
    """Land cover classes, as they are written there."""

    def band(self, name: str) -> Path:
        """File of a band, like ``B04``."""
        return self.folder / f"{self.folder.name}_{name}.tif"


def find_patches(root: Path) -> list[Patch]:
    """The patches below a folder, by name; of version 2 those of the test split.

    Raises:
        BenchmarkError: there is none, or labels are missing or damaged.
    """
    if not root.is_dir():
        raise BenchmarkError(f"There is no folder {root}; give the one that holds BigEarthNet's patch folders.")
    near = (root, root.absolute().parent, *sorted(root.iterdir()))  # a set has millions of files: do not look at all
    table = next((folder / METADATA for folder in near if (folder / METADATA).is_file()), None)
    labels = None if table is None else _test_labels(table)
    found = [_patch(Path(folder), labels) for folder in _patch_folders(root)]
    patches = [each for each in found if each is not None]
    if not patches:
        raise BenchmarkError(
            f"{root} holds no BigEarthNet patch (folders with PATCH_B02.tif, PATCH_B03.tif, PATCH_B04.tif)"
            f"{'' if labels is None else f' of the {_SPLIT} split of {table}'}; give the folder the archive makes."
        )
    return sorted(patches, key=lambda each: each.folder.name)


def read_patch(patch: Patch) -> U8:
    """(120, 120, 3) RGB of a patch; BenchmarkError where a band is missing, damaged or of another size."""
    bands = []
    for name in RGB:
        path = patch.band(name)
        if not path.is_file():
            raise BenchmarkError(f"Patch {patch.folder.name} lacks {path.name}; unpack the set again.")
        bands.append(read_reflectance(path)[..., 0])
    if len({band.shape for band in bands}) > 1:
        sizes = ", ".join(f"{name} {band.shape}" for name, band in zip(RGB, bands, strict=True))
        raise BenchmarkError(f"The bands of patch {patch.folder.name} are not of one size ({sizes}); unpack it again.")
    return np.stack(bands, axis=2)


def _patch_folders(root: Path) -> Sequence[str]:
    wanted = f"_{RGB[0]}.tif"
    return [folder for folder, _, files in os.walk(root) if any(name.endswith(wanted) for name in files)]


def _patch(folder: Path, labels: Mapping[str, tuple[str, ...]] | None) -> Patch | None:
    """The patch of a folder; None where the table of version 2 does not have it for testing."""
    if labels is not None:
        return Patch(folder, labels[folder.name]) if folder.name in labels else None
    path = folder / f"{folder.name}{_LABELS}"
    try:
        named = json.loads(path.read_bytes())["labels"]
    except FileNotFoundError as error:
        raise BenchmarkError(
            f"Patch {folder.name} has no {path.name}, and there is no {METADATA} above it; add the labels."
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchmarkError(f"The labels in {path} cannot be read ({error!r}); unpack the set again.") from error
    if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
        raise BenchmarkError(f"The labels in {path} are no list of names; unpack the set again.")
    return Patch(folder, tuple(named))


def _test_labels(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        columns = parquet.read_table(path, columns=["patch_id", "labels", "split"]).to_pydict()
    except (pyarrow.ArrowException, OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise BenchmarkError(
            f"{path} cannot be read as BigEarthNet's table of patch_id, labels and split ({reason}); download it again."
        ) from error
    rows = zip(columns["patch_id"], columns["labels"], columns["split"], strict=True)
    return {str(name): tuple(map(str, labels or ())) for name, labels, split in rows if split == _SPLIT}
