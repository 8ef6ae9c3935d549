"""Scenes and encoders by the names people type."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from graft_core import settings
from graft_core.errors import IndexStoreError, ModelError, SceneError
from graft_core.index.store import IndexInfo, IndexStore, SceneRecord, list_indexes
from graft_core.io.published import Published
from graft_core.io.scene import Scene, open_scene
from graft_core.io.sensors import SensorOption
from graft_core.models.registry import default_encoder_name, find_model, load_encoder
from graft_core.tasks.density_recipe import DensityRecipe
from graft_core.types import Encoder, Level, SensorName

COARSE_GSD = 4.0
"""Metres per pixel from which imagery is more like Sentinel-2 than like an aerial photo."""
REMOTE = ("http://", "https://", "s3://", "/vsi")
RASTERS = (".tif", ".tiff", ".jp2", ".vrt")


@dataclass(frozen=True)
class KnownScene:
    """A scene that is indexed, or lies in the folder of scenes."""

    name: str
    """What to call it by: its name in the index, else the path to give."""
    source: str
    """Path or address of the imagery."""
    encoders: tuple[str, ...]
    """Encoders it is indexed with, by name."""
    tiles: int
    """Rows of all its indexes."""


def known_scenes(root: Path) -> list[KnownScene]:
    """Every indexed scene and every raster in the folder of scenes, by name."""
    return scenes_of(list_indexes(root))


def scenes_of(indexes: Sequence[IndexInfo]) -> list[KnownScene]:
    """The scenes of ``known_scenes``, for whoever has listed the indexes already."""
    found: dict[str, KnownScene] = {}
    for index in indexes:
        for record in index.scenes:
            before = found.get(record.name, KnownScene(record.name, record.source, (), 0))
            encoders = (*before.encoders, index.spec.name if index.spec else index.key)
            found[record.name] = KnownScene(record.name, record.source, encoders, before.tiles + record.tiles)
    indexed = {scene.source for scene in found.values()}
    folder = settings.tiles_dir()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix.lower() in RASTERS and str(path.resolve()) not in indexed:
            found.setdefault(str(path), KnownScene(str(path), str(path), (), 0))
    return [found[name] for name in sorted(found)]


def find_scene(
    text: str,
    root: Path,
    *,
    sensor: SensorOption | None = None,
    gsd: float | None = None,
    bands: tuple[int, int, int] | None = None,
) -> Scene:
    """The scene a person means: a path, folder, pattern or address, or the name of an indexed scene or its beginning.

    Raises:
        SceneError: there is no such scene, several begin like that, or it cannot be opened.
    """
    if not text.strip():
        raise SceneError(_unknown(text, root))
    path = Path(os.path.expanduser(text))
    if path.exists() or text.startswith(REMOTE) or "*" in text:
        return open_scene(text if text.startswith(REMOTE) else str(path), sensor=sensor, gsd=gsd, bands=bands)
    record = find_record(text, root)
    if record is not None:
        if sensor or gsd or bands:
            return open_scene(record.source, sensor=sensor, gsd=gsd, bands=bands, name=record.name)
        return reopen(record.source, record.name, record.fingerprint, sensor=record.sensor)
    inside = settings.tiles_dir() / text
    if inside.exists():
        return open_scene(inside, sensor=sensor, gsd=gsd, bands=bands)
    raise SceneError(_unknown(text, root))


def find_record(text: str, root: Path) -> SceneRecord | None:
    """The indexed scene of a name, or the only one whose name begins with it; None where there is none.

    Raises:
        SceneError: several begin with it.
    """
    records = {record.name: record for index in list_indexes(root) for record in index.scenes}
    if text in records:
        return records[text]
    matching = sorted(name for name in records if text and name.startswith(f"{text}-"))
    if len(matching) > 1:
        raise SceneError(f"Several indexed scenes begin with '{text}': {', '.join(matching)}; give one in full.")
    return records[matching[0]] if matching else None


def reopen(
    source: str,
    name: str,
    fingerprint: str,
    *,
    sensor: SensorName,
    bands: tuple[int, int, int] | None = None,
    gsd: float | None = None,
) -> Scene:
    """Open a scene as it was opened before; where that no longer gives the fingerprint, as it opens now.

    The processing level of Sentinel-2 may have been stated by hand, so each is tried.
    """
    return _as_before(source, name, fingerprint, sensor=sensor, bands=bands, gsd=gsd)[1]


def sensor_stated(record: SceneRecord) -> SensorOption:
    """The sensor to state when a scene is to be indexed again as it was; SceneError where its file is gone."""
    return _as_before(record.source, record.name, record.fingerprint, sensor=record.sensor)[0]


def _as_before(
    source: str,
    name: str,
    fingerprint: str,
    *,
    sensor: SensorName,
    bands: tuple[int, int, int] | None = None,
    gsd: float | None = None,
) -> tuple[SensorOption, Scene]:
    """The first option that gives the fingerprint, else the plain one, and the scene opened with it."""
    options: Sequence[SensorOption] = (
        sensor,
        *(each for each in get_args(SensorOption) if each.startswith(f"{sensor}-")),
    )
    opened = []
    for option in options:
        opened.append((option, open_scene(source, sensor=option, gsd=gsd, bands=bands, name=name)))
        if opened[-1][1].fingerprint == fingerprint:
            return opened[-1]
    return opened[0]


def encoder_for(scene: Scene, name: str | None = None, *, device: str = "auto", level: Level | None = None) -> Encoder:
    """The encoder of a name, or the shipped one that suits the scene; plain RGB encoders take imagery as fine as it is.

    ``level`` is what is to leave its tower, whatever it was trained for.

    Raises:
        ModelError: unknown, its weights are missing, or the scene has nothing that it could look at.
    """
    if scene.published is not None:
        return _publishers_encoder(scene.name, scene.published, name, device, level)
    if name is None:
        coarse = scene.sensor == "rgb" and scene.gsd >= COARSE_GSD
        name = default_encoder_name("sentinel2" if coarse else scene.sensor, level or "tile")
    plain = scene.sensor == "rgb" and find_model(name).sensor == "rgb"
    gsd = max(1.0, round(scene.gsd, 3)) if plain else None
    return load_encoder(name, device=device, sensor=scene.sensor, gsd=gsd, level=level)


def _publishers_encoder(
    scene: str, published: Published, name: str | None, device: str, level: Level | None
) -> Encoder:
    """The encoder that made published embeddings; there is no picture for any other."""
    own = load_encoder(published.encoder, device=device, gsd=published.gsd)
    other = name is not None and find_model(name).name != find_model(published.encoder).name
    if other or level not in (None, own.spec.level):
        looked = f"{name} could look at" if other else "could be seen patch by patch"
        raise ModelError(
            f"Scene {scene} is embeddings by {published.encoder} without a picture, so nothing is there that {looked}; "
            f"ask it with {published.encoder}, or index imagery of the place."
        )
    if own.spec.key != published.encoder_key:
        raise ModelError(
            f"The weights of {published.encoder} are not those that the embeddings of {scene} were imported with; put "
            "the old ones back, or import the embeddings again."
        )
    return own


def encoder_for_all(scenes: Sequence[Scene], name: str | None = None, *, device: str = "auto") -> Encoder:
    """The one encoder that suits every scene, as ``encoder_for`` finds it.

    Raises:
        SceneError: the scenes need encoders of their own.
        ModelError: unknown, or its weights are missing.
    """
    encoders = [encoder_for(scene, name, device=device) for scene in scenes]
    for scene, encoder in zip(scenes, encoders, strict=True):
        if encoder.spec.key != encoders[0].spec.key:
            one, other = (f"{each.name} at {each.gsd:g} m" for each in (encoders[0].spec, encoder.spec))
            raise SceneError(
                f"Scene {scenes[0].name} is for {one} and scene {scene.name} for {other}, and their scores do not "
                'compare; search one after the other, or choose one and the other in "Compare with" (on the command '
                "line: `change`)."
            )
    return encoders[0]


def check_level(encoder: Encoder, level: str | None) -> None:
    """Refuse an encoder of another level than the one stated (ModelError)."""
    if level not in (None, "tile", "patch"):
        raise ModelError(f"There is no level '{level}'; an encoder sees a whole 'tile' or each 'patch' of it.")
    if level is not None and encoder.spec.level != level:
        raise ModelError(
            f"Encoder {encoder.spec.name} works at {encoder.spec.level} level, not {level}; choose another with "
            "--encoder (`python -m graft_core models --json` lists their levels)."
        )


def remove_scene(text: str, root: Path, encoder: str | None = None) -> list[str]:
    """Remove a scene from every index, or from those of one encoder; the names of the encoders it was removed from.

    Raises:
        SceneError: several scenes begin with that name.
        IndexStoreError: no index has it, or one is being written.
    """
    record = find_record(text, root)
    name = text if record is None else record.name
    specs = [index.spec for index in list_indexes(root) if index.spec and encoder in (None, index.spec.name)]
    having = [spec for spec in specs if IndexStore(root, spec).find(name)]
    for spec in having or specs:  # where none has it committed, one may hold what an interrupted run staged
        try:
            IndexStore(root, spec).remove(name)
        except IndexStoreError:
            if having or spec == specs[-1]:
                raise
        else:
            if not having:
                return [spec.name]
    if not specs:
        raise IndexStoreError(
            f"Nothing is indexed{f' with {encoder}' if encoder else ''}; there is no {name} to remove."
        )
    return [spec.name for spec in having]


def lasting_name(name: str) -> str:
    """The same encoder for whoever stands in another folder: a path among the name is made absolute."""
    architecture, mark, weights = name.rpartition("@")
    path = Path(os.path.expanduser(weights))
    return f"{architecture}{mark}{path.resolve()}" if path.is_file() else name


def encoder_of(recipe: DensityRecipe, name: str | None = None, *, device: str = "auto") -> Encoder:
    """The encoder a recipe names, or where it is now; ModelError where it is unknown or its weights are missing."""
    return load_encoder(name or recipe.encoder_source, device=device, sensor=recipe.sensor, gsd=recipe.gsd)


def _unknown(text: str, root: Path) -> str:
    names = [scene.name for scene in known_scenes(root)]
    known = (
        f"known here: {', '.join(names[:8])}{' ...' if len(names) > 8 else ''}" if names else "none is known here yet"
    )
    return f"There is no scene '{text}'; give the path of a raster or a folder, an address, or a known name ({known})."
