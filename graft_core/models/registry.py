"""Which models there are, which of them are on this machine, and how to load one. Imports no torch."""

import os
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from graft_core import settings
from graft_core.errors import ModelError
from graft_core.models.architectures import CLIP_MEAN, CLIP_STD, input_shape, model_config
from graft_core.models.card import card_path, read_card, weights_path
from graft_core.models.catalogue import DEFAULT_SEGMENTER as DEFAULT_SEGMENTER
from graft_core.models.catalogue import (
    DEMO_NAMES,
    DEMO_TEACHER,
    GRAFT_TEXT,
    SATELLITE_WORDS,
    SENSOR_GSD,
    known_models,
)
from graft_core.models.encoder import LazyEncoder
from graft_core.models.hf_vit import released_shape
from graft_core.models.openclip import entry_by_name, is_architecture
from graft_core.models.siglip_config import read_siglip
from graft_core.models.sources import (
    CardRecipe,
    ClipRecipe,
    GraftRecipe,
    ModelEntry,
    SiglipRecipe,
    SpaceRecipe,
    WantedFile,
    file_sha256,
)
from graft_core.models.torch_file import open_torch_file
from graft_core.types import EncoderSpec, Level, SensorName

if TYPE_CHECKING:
    from graft_core.models.clip import ClipTowers
    from graft_core.models.graft import TileRunner

OPENAI_NAMES = {
    "ViT-B-16@openai": "clip-vit-b-16",
    "ViT-B-32@openai": "clip-vit-b-32",
    "ViT-L-14@openai": "clip-vit-l-14",
}


def list_models() -> list[ModelEntry]:
    """Every model: the demo's, the known ones, those trained here; ``present`` says which are on this machine."""
    shipped = {entry.name: entry for entry in _cards_in(settings.shipped_weights_dir())}
    for name in DEMO_NAMES:
        shipped.setdefault(name, _missing_demo(name))
    entries = dict(shipped) | {entry.name: entry for entry in known_models()}
    for entry in _cards_in(settings.weights_dir()):
        if entry.name in entries:  # a name that is taken: this one goes by its path
            entry = replace(entry, name=str(entry.folder / entry.files[1].names[0]))
        entries[entry.name] = entry
    return list(entries.values())


def find_model(name: str) -> ModelEntry:
    """The entry of a registry name, an open_clip name with weights, or a path of our own or of GRAFT's files.

    Raises:
        ModelError: there is no such model; the message has the names that come closest.
    """
    entries = {entry.name: entry for entry in list_models()}
    name = OPENAI_NAMES.get(name, name)
    if name in entries:
        return entries[name]
    if (entry := entry_by_name(name)) is not None:
        return entry
    if name.endswith((".safetensors", ".json", ".ckpt")):
        return _entry_at(Path(os.path.expanduser(name)))
    if is_architecture(name):
        raise ModelError(f"{name!r} is an architecture: write its weights after it, as in {name}@/path/file.pt.")
    close = get_close_matches(name, entries, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else "`python -m graft_core models` lists those there are."
    raise ModelError(f"There is no model {name!r}; {hint}")


def default_encoder_name(sensor: SensorName, level: Level = "tile") -> str:
    """The shipped encoder for imagery of a sensor; plain RGB is treated as aerial."""
    name = "graft-demo-sentinel2" if sensor == "sentinel2" else "graft-demo-naip"
    return f"{name}-patch" if level == "patch" else name


def segmenter_present(name: str = DEFAULT_SEGMENTER) -> bool:
    """Whether the weights of a segmenter are on this machine."""
    return find_model(name).present


def load_encoder(
    name: str,
    *,
    device: str = "auto",
    sensor: SensorName | None = None,
    gsd: float | None = None,
    level: Level | None = None,
) -> LazyEncoder:
    """An encoder by name; cheap, because towers load when they are first used.

    Args:
        name: what ``find_model`` understands.
        device: ``auto``, ``cpu``, ``cuda`` or another of torch's.
        sensor: imagery at hand; decides the resolution of encoders that were not trained for one sensor.
        gsd: metres per pixel at the input, instead of what the encoder or the sensor says.
        level: what leaves the tower, instead of what it was trained for: ``patch`` gives every token of an image-level
            tower through its last layer norm and projection, to compare with.

    Raises:
        ModelError: unknown, not an encoder, or its weights are missing or damaged.
    """
    entry = find_model(name)
    weights = _encoder_weights(entry)
    spec = _spec(entry, weights)
    if gsd is not None and gsd <= 0:
        raise ModelError(f"A resolution of {gsd} metres per pixel is not possible: give a positive number.")
    if sensor is not None and spec.sensor == "rgb":
        spec = replace(spec, gsd=SENSOR_GSD[sensor])
    if gsd is not None:
        spec = replace(spec, gsd=gsd)
    if level is not None:
        spec = replace(spec, level=level)

    def load_space() -> "ClipTowers":
        return _load_space(entry, spec, device)

    def load_tiles() -> "TileRunner":
        return _load_tiles(entry, spec, weights, device)

    defaults = entry.defaults or SATELLITE_WORDS
    return LazyEncoder(spec, defaults, load_tiles=load_tiles, load_space=load_space)


def _load_space(entry: ModelEntry, spec: EncoderSpec, device: str) -> "ClipTowers":
    """Photo and text tower of an encoder, which may be another entry's."""
    leaned_on = entry if spec.text_encoder == entry.name else _text_entry(entry, spec.text_encoder)
    weights = _encoder_weights(leaned_on)
    if not isinstance(leaned_on.recipe, SpaceRecipe):
        raise ModelError(f"{leaned_on.name!r} has no text tower, and {entry.name!r} names it as its text encoder.")
    from graft_core.models.device import pick_device
    from graft_core.models.towers import shared_space

    return shared_space(leaned_on.recipe, weights, file_sha256(weights), pick_device(device))


def _text_entry(entry: ModelEntry, text_encoder: str) -> ModelEntry:
    """The entry whose text tower an encoder leans on: a card beside its own, else a name."""
    beside = entry.folder / f"{text_encoder}.json"
    return _card_entry(beside) if beside.is_file() else find_model(text_encoder)


def _load_tiles(entry: ModelEntry, spec: EncoderSpec, weights: Path, device: str) -> "TileRunner":
    from graft_core.models.device import pick_device
    from graft_core.models.graft import TileRunner
    from graft_core.models.towers import card_tower, photo_tokens, released_tower

    where = pick_device(device)
    if isinstance(entry.recipe, GraftRecipe):
        shape = released_shape(open_torch_file(weights).shapes, entry.recipe.level, str(weights))
        return released_tower(weights, shape, entry.recipe.level, spec, where)
    if isinstance(entry.recipe, CardRecipe) and entry.recipe.card.holds == "satellite":
        return card_tower(entry.recipe, spec, where)
    visual = _load_space(entry, spec, device).visual
    return TileRunner(visual if spec.level == "tile" else photo_tokens(visual), spec, where)


def _encoder_weights(entry: ModelEntry) -> Path:
    if entry.kind != "encoder":
        raise ModelError(
            f"{entry.name!r} is a {entry.kind}, not an encoder: choose from `python -m graft_core models`."
        )
    return weights_of(entry)


def weights_of(entry: ModelEntry) -> Path:
    """The weights of a model, once everything it needs is found to be there.

    Raises:
        ModelError: a file is missing, or is not the published one.
    """
    if entry.problem:
        raise ModelError(entry.problem)
    paths = entry.paths
    if None in paths or paths[0] is None:
        missing = next(wanted.names[0] for wanted, path in zip(entry.files, paths, strict=True) if path is None)
        raise ModelError(f"No weights for {entry.name!r}: {missing} is not in {entry.folder}; {entry.how_to_get}.")
    expected = entry.files[0].published_sha256(paths[0])
    if expected and file_sha256(paths[0]) != expected:
        raise ModelError(
            f"{paths[0]} is damaged or not the published file of {entry.name!r} (its sha256 should begin "
            f"{expected[:12]}): remove it, then {entry.how_to_get}."
        )
    return paths[0]


def _spec(entry: ModelEntry, weights: Path) -> EncoderSpec:
    """What the embeddings of an entry mean, from its card, or from its configuration and weights."""
    recipe, sensor = entry.recipe, entry.sensor or "rgb"
    if isinstance(recipe, CardRecipe):
        return recipe.card.spec
    if isinstance(recipe, GraftRecipe):
        shape = released_shape(open_torch_file(weights).shapes, recipe.level, str(weights))
        tile_px, patch_px, dim = shape.tile_px, shape.patch_px, shape.dim
        level, text_encoder, mean, std = recipe.level, recipe.text_encoder, CLIP_MEAN, CLIP_STD
    elif isinstance(recipe, ClipRecipe):
        promised = input_shape(model_config(recipe.config), entry.name)
        tile_px, patch_px, dim = promised.tile_px, promised.patch_px, promised.dim
        level, text_encoder, mean, std = "tile", entry.name, recipe.mean, recipe.std
    elif isinstance(recipe, SiglipRecipe):
        read = read_siglip(recipe)
        tile_px, patch_px, dim = read.image_px, read.patch_px, read.vision.width
        level, text_encoder, mean, std = "tile", entry.name, read.mean, read.std
    else:
        raise ModelError(f"{entry.name!r} has no configuration yet; {entry.how_to_get}.")
    return EncoderSpec(
        name=entry.name,
        level=level,
        sensor=sensor,
        gsd=entry.gsd or SENSOR_GSD[sensor],
        tile_px=tile_px,
        patch_px=patch_px,
        dim=dim,
        mean=mean,
        std=std,
        text_encoder=text_encoder,
        weights_sha256=file_sha256(weights),
    )


def _cards_in(folder: Path) -> Iterator[ModelEntry]:
    """Encoders of our own format in a folder; other JSON files there are nobody's business."""
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        if weights_path(path).is_file():
            yield _card_entry(path)


def _card_entry(path: Path) -> ModelEntry:
    """The encoder a card describes; one that cannot be read is listed with what is wrong with it."""
    files = (WantedFile((weights_path(path).name,)), WantedFile((card_path(path).name,)))
    try:
        card = read_card(path)
    except ModelError as error:
        return ModelEntry(card_path(path).stem, "encoder", "", "", files, path.parent, problem=str(error))
    size = weights_path(path).stat().st_size if weights_path(path).is_file() else None
    return ModelEntry(
        name=card.spec.name,
        kind="encoder",
        what=card.what,
        licence=card.licence,
        files=files,
        folder=path.parent,
        recipe=CardRecipe(card, card_path(path)),
        sensor=card.spec.sensor,
        level=card.spec.level,
        gsd=card.spec.gsd,
        tile_px=card.spec.tile_px,
        size_bytes=size,
        defaults=card.defaults,
        by_hand="the file that was saved beside its card",
    )


def _missing_demo(name: str) -> ModelEntry:
    """A demo encoder whose weights should be in the package and are not."""
    return ModelEntry(
        name=name,
        kind="encoder",
        what="Demo world encoder",
        licence="Apache-2.0",
        files=(WantedFile((f"{name}.safetensors",)), WantedFile((f"{name}.json",))),
        folder=settings.shipped_weights_dir(),
        sensor="sentinel2" if "sentinel2" in name else "rgb" if name == DEMO_TEACHER else "naip",
        level="patch" if name.endswith("-patch") else "tile",
        by_hand="it is part of this project: install it again, or restore the folder with git",
    )


def _entry_at(path: Path) -> ModelEntry:
    """The encoder in a file of ours, or in a checkpoint of GRAFT's release, whose name says what it was trained for."""
    if not path.is_file():
        raise ModelError(f"There is no file {path}: check the path, or see `python -m graft_core models`.")
    path = path.resolve()
    if path.suffix != ".ckpt":
        return _card_entry(path)
    level: Level = "patch" if "patch" in path.stem or "pixel" in path.stem else "tile"
    sensor: SensorName = "sentinel2" if "sentinel" in path.stem else "naip"
    return ModelEntry(
        name=str(path),
        kind="encoder",
        what=f"GRAFT checkpoint {path.name}",
        licence="of the file",
        files=(WantedFile((path.name,)),),
        folder=path.parent,
        recipe=GraftRecipe(level, GRAFT_TEXT),
        sensor=sensor,
        level=level,
        gsd=SENSOR_GSD[sensor],
        defaults=SATELLITE_WORDS,
    )
