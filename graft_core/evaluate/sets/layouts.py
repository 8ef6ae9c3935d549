"""Opens a benchmark set in the layout it is published in."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from graft_core.errors import BenchmarkError
from graft_core.evaluate.sets import class_words
from graft_core.evaluate.sets.labelled_set import LabelledSet, files_fingerprint, labels_of
from graft_core.io.big_earth_net import RGB, find_patches, read_patch
from graft_core.io.labelled_images import class_folders, read_image, read_reflectance
from graft_core.io.sat_matrix import read_sat
from graft_core.types import U8

FOLDER_SETS: Mapping[str, Mapping[str, str]] = {
    "eurosat": class_words.EUROSAT,
    "ucm": class_words.UCM,
    "resisc45": class_words.RESISC45,
    "rsscn7": class_words.RSSCN7,
}
"""Layout of class folders -> folder -> words."""
LAYOUTS = (*FOLDER_SETS, "bigearthnet", "sat4", "sat6", "folder")
"""What ``open_set`` understands."""
EUROSAT_RGB = (4, 3, 2)
"""Bands of the 13 of EuroSAT's multispectral images, from 1."""
SHOWN = 5
"""Names that a message lists."""


def open_set(root: Path, layout: str, words: Mapping[str, str] | None = None) -> LabelledSet:
    """Open a set.

    Args:
        root: the folder that its archive makes, or one around it; of SAT-4 and SAT-6 the file will do.
        layout: one of LAYOUTS; ``folder`` is any folder of class folders.
        words: class, as the set calls it -> what to ask for it with, in place of the usual words.

    Raises:
        BenchmarkError: the layout is unknown, the set is not in it, or ``words`` names a class that it does not have.
    """
    open_layout: Mapping[str, Callable[[], LabelledSet]] = {
        **{name: _folder_opener(root, name, table) for name, table in FOLDER_SETS.items()},
        "bigearthnet": lambda: _big_earth_net(root),
        "sat4": lambda: _sat(root, "sat4", class_words.SAT4),
        "sat6": lambda: _sat(root, "sat6", class_words.SAT6),
        "folder": lambda: _any_folders(root),
    }
    if layout not in open_layout:
        raise BenchmarkError(f"There is no layout '{layout}'; choose one of {', '.join(LAYOUTS)}.")
    return _asked_with(open_layout[layout](), words or {})


def folder_words(name: str) -> str:
    """What the name of a class folder says: ``dRiver_lake`` and ``DRiverLake`` -> ``d river lake``."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return " ".join(re.split(r"[\s_\-]+", apart)).strip().lower()


def _folder_opener(root: Path, name: str, table: Mapping[str, str]) -> Callable[[], LabelledSet]:
    return lambda: _folder_set(root, name, table)


def _folder_set(root: Path, name: str, table: Mapping[str, str]) -> LabelledSet:
    """A published set: every class must be there, and nothing else."""
    found = class_folders(root)
    by_name = {_plain(folder): images for folder, images in found.items()}
    missing = [each for each in table if _plain(each) not in by_name]
    extra = sorted(set(found) - {folder for folder in found if _plain(folder) in map(_plain, table)})
    if missing or extra:
        raise BenchmarkError(
            f"{root} is not in the layout of {name}: "
            + " and ".join(
                part
                for part in (
                    f"it lacks the class folders {_listed(missing)}" if missing else "",
                    f"it has folders that are no class of it, {_listed(extra)}" if extra else "",
                )
                if part
            )
            + "; give the whole set, or choose the layout 'folder'."
        )
    images = {each: by_name[_plain(each)] for each in table}
    spectral = name == "eurosat" and any(path.suffix.lower() in (".tif", ".tiff") for path in images["Forest"])
    read = _read_eurosat if spectral else read_image
    return _of_folders(root, f"{name}-ms" if spectral else name, images, table, read)


def _any_folders(root: Path) -> LabelledSet:
    images = class_folders(root)
    if len(images) < 2:
        raise BenchmarkError(
            f"{root} has images in one class folder only ({next(iter(images))}); there must be two to tell apart."
        )
    return _of_folders(root, root.absolute().name, images, {name: folder_words(name) for name in images}, read_image)


def _of_folders(
    root: Path,
    name: str,
    images: Mapping[str, Sequence[Path]],
    words: Mapping[str, str],
    read: Callable[[Path], U8],
) -> LabelledSet:
    files = [path for paths in images.values() for path in paths]
    truth = labels_of([(each,) for each, paths in images.items() for _ in paths], list(words))
    return LabelledSet(name, root, words, truth, False, files_fingerprint(root, files), read=lambda i: read(files[i]))


def _read_eurosat(path: Path) -> U8:
    return read_reflectance(path, EUROSAT_RGB)


def _big_earth_net(root: Path) -> LabelledSet:
    named = [(patch, _of_nineteen(patch.labels, patch.folder)) for patch in find_patches(root)]
    kept = [(patch, names) for patch, names in named if names]
    if not kept:
        raise BenchmarkError(f"No patch in {root} has a label that is one of the 19 classes; is it the whole set?")
    patches = [patch for patch, _ in kept]
    return LabelledSet(
        name="bigearthnet",
        root=root,
        words=class_words.BIGEARTHNET,
        truth=labels_of([names for _, names in kept], list(class_words.BIGEARTHNET)),
        multi_label=True,
        fingerprint=files_fingerprint(root, [patch.band(RGB[0]) for patch in patches]),
        read=lambda i: read_patch(patches[i]),
    )


def _of_nineteen(labels: Sequence[str], folder: Path) -> list[str]:
    """Labels of version 1 or 2 as classes of the 19, each once."""
    found: dict[str, None] = {}
    for label in labels:
        name = label if label in class_words.BIGEARTHNET else class_words.CORINE_TO_19.get(label)
        if name is not None:
            found[name] = None
        elif label not in class_words.CORINE_LEFT_OUT:
            raise BenchmarkError(
                f"Patch {folder.name} has the label '{label}', which is neither one of BigEarthNet's 19 classes nor of "
                "CORINE land cover; unpack the set again."
            )
    return list(found)


def _sat(root: Path, name: str, words: Mapping[str, str]) -> LabelledSet:
    chips = read_sat(root, len(words))
    truth = np.eye(len(words), dtype=np.bool_)[chips.label]
    file = root if root.is_file() else next(root.glob("*.mat"))
    return LabelledSet(name, root, words, truth, False, files_fingerprint(file.parent, [file]), read=chips.rgb)


def _asked_with(opened: LabelledSet, words: Mapping[str, str]) -> LabelledSet:
    unknown = [name for name in words if name not in opened.words]
    if unknown:
        raise BenchmarkError(f"{opened.name} has no class '{unknown[0]}'; its classes are {', '.join(opened.words)}.")
    return replace(opened, words={**opened.words, **words})


def _plain(name: str) -> str:
    """A folder's name however its archive writes it."""
    return re.sub(r"[\s_\-]", "", name).casefold()


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
