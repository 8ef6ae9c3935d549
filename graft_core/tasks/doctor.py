"""What this installation has, what it lacks, and how to get it."""

import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from graft_core import __version__, settings
from graft_core.errors import IndexStoreError, ModelError
from graft_core.index.patch_cache import cache_limit, patch_bytes
from graft_core.index.store import list_indexes
from graft_core.models.registry import list_models

PACKAGES = (
    "numpy",
    "torch",
    "torchvision",
    "open_clip_torch",
    "timm",
    "segment-anything",
    "safetensors",
    "rasterio",
    "rio-cogeo",
    "odc-geo",
    "geopandas",
    "pylance",
    "numkong",
    "typer",
    "streamlit",
)
"""Packages whose version changes what works."""
LOW_DISK = 2 * 10**9
"""Free bytes below which a warning is due; a million tiles take one gigabyte."""


@dataclass(frozen=True)
class ModelState:
    """One line of the registry, as it is on this machine."""

    name: str
    """What to call it."""
    kind: str
    """``encoder``, ``segmenter``, or ``scene``."""
    present: bool
    """Whether it can be used."""
    hint: str
    """How to get it; empty where it is present."""


@dataclass(frozen=True)
class FolderState:
    """A folder of this installation."""

    path: str
    """Where it is."""
    exists: bool
    """Whether it is there; it is made when first needed."""
    free_bytes: int
    """Room on its disk."""


@dataclass(frozen=True)
class IndexState:
    """One index on disk."""

    encoder: str
    """Name of the encoder, or the key where the index cannot be read."""
    key: str
    """Key of the encoder."""
    scenes: int
    """Scenes committed."""
    bytes: int
    """Size on disk."""
    problem: str
    """Why it cannot be read and what to do; empty where it can."""


@dataclass(frozen=True)
class PatchCacheState:
    """What encoders saw in the patches of scenes, kept to be asked again."""

    bytes: int
    """Size on disk."""
    limit_bytes: int | None
    """What it may take; None where GRAFT_PATCH_CACHE_GB is no number."""


@dataclass(frozen=True)
class Diagnosis:
    """The state of an installation."""

    software: str
    """Version of this program."""
    python: str
    """Version of Python."""
    system: str
    """Operating system and machine."""
    device: str
    """Where encoders run."""
    packages: Mapping[str, str | None]
    """Version of each package that matters; None where it is missing."""
    models: tuple[ModelState, ...]
    """The registry."""
    folders: Mapping[str, FolderState]
    """``tiles``, ``indexes``, ``weights``."""
    indexes: tuple[IndexState, ...]
    """What is indexed."""
    patches: PatchCacheState
    """The patch cache."""
    problems: tuple[str, ...]
    """What keeps the program from working, one sentence each; empty where all is well."""


def diagnose() -> Diagnosis:
    """Look at everything; nothing is changed, fetched or made."""
    packages = {name: _version(name) for name in PACKAGES}
    models = tuple(_model_states())
    folders = {
        "tiles": _folder(settings.tiles_dir()),
        "indexes": _folder(settings.indexes_dir()),
        "weights": _folder(settings.weights_dir()),
    }
    indexes = tuple(
        IndexState(
            each.spec.name if each.spec else each.key, each.key, len(each.scenes), each.bytes, each.problem or ""
        )
        for each in list_indexes(settings.indexes_dir())
    )
    device, device_problem = _device(packages)
    patches, patches_problem = _patches()
    problems = [
        *(
            f"Package {name} is missing; run `pip install -r requirements.txt`."
            for name in PACKAGES
            if not packages[name]
        ),
        *(problem for problem in (device_problem, patches_problem) if problem),
        *_low_disk(folders),
        *(index.problem for index in indexes if index.problem),
        *_no_encoder(models),
    ]
    return Diagnosis(
        software=__version__,
        python=sys.version.split()[0],
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        device=device,
        packages=packages,
        models=models,
        folders=folders,
        indexes=indexes,
        patches=patches,
        problems=tuple(problems),
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _model_states() -> list[ModelState]:
    return [
        ModelState(entry.name, entry.kind, entry.present, "" if entry.present else entry.problem or entry.how_to_get)
        for entry in list_models()
    ]


def _folder(path: Path) -> FolderState:
    there = next(parent for parent in (path, *path.absolute().parents) if parent.exists())
    return FolderState(str(path), path.exists(), shutil.disk_usage(there).free)


def _device(packages: Mapping[str, str | None]) -> tuple[str, str]:
    """Where encoders run, and what is wrong with it."""
    if packages["torch"] is None:
        return "none", ""
    try:
        from graft_core.models.device import pick_device

        return str(pick_device("auto")), ""
    except (ImportError, OSError, ModelError) as error:
        return "none", f"Torch cannot be loaded ({error}); install it again with `pip install -r requirements.txt`."


def _patches() -> tuple[PatchCacheState, str]:
    """The patch cache, and what is wrong with its limit."""
    size = patch_bytes(settings.patches_dir())
    try:
        return PatchCacheState(size, cache_limit()), ""
    except IndexStoreError as error:
        return PatchCacheState(size, None), str(error)


def _low_disk(folders: Mapping[str, FolderState]) -> list[str]:
    return [
        f"Only {folder.free_bytes / 1e9:.1f} GB are free at {folder.path}; free some, or point "
        f"{'GRAFT_WEIGHTS' if name == 'weights' else 'GRAFT_TILES'} at another disk."
        for name, folder in folders.items()
        if folder.free_bytes < LOW_DISK and name != "indexes"
    ]


def _no_encoder(models: tuple[ModelState, ...]) -> list[str]:
    encoders = [model for model in models if model.kind == "encoder"]
    if any(model.present for model in encoders):
        return []
    return [f"No encoder is present; {encoders[0].hint}." if encoders else "No encoder is known."]
