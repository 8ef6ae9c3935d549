"""What may be shown on a map: the known scenes and the exported layers, by name. Nothing else is ever opened."""

import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from graft_core import settings
from graft_core.errors import GraftError
from graft_core.index.store import SceneRecord, list_indexes
from graft_core.io.identity import scene_name
from graft_core.io.scene import Scene, open_scene
from graft_core.serve.pictures import LayerPicture, ScenePicture, file_stamps, file_version
from graft_core.tasks.catalog import known_scenes, reopen

_LIST_S = 3.0
"""Seconds for which the list of scenes is believed."""


class NotKnownError(GraftError):
    """There is no scene or layer of that name; the message names no place on the server."""


@dataclass(frozen=True)
class _Offer:
    """A scene that may be opened."""

    source: str
    """Path or address of the imagery."""
    record: SceneRecord | None
    """How it was indexed; None for a file in the folder of scenes."""

    def open(self) -> Scene:
        """The scene as it was indexed, else as its file says."""
        if self.record is None:
            return open_scene(self.source)
        return reopen(self.source, self.record.name, self.record.fingerprint, sensor=self.record.sensor)


def layers_dir() -> Path:
    """Folder of exported density layers that the map can show: ``<name>.tif``."""
    return settings.tiles_dir() / "layers"


class Known:
    """Opened scenes and layers, kept until their files change. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listed = 0.0
        self._offers: dict[str, _Offer] = {}
        self._opening: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._scenes: dict[str, tuple[_Offer, ScenePicture]] = {}
        self._layers: dict[str, LayerPicture] = {}

    def scene(self, name: str) -> ScenePicture:
        """The scene of a name.

        Raises:
            NotKnownError: there is none.
            SceneError: its file is gone or cannot be read.
        """
        with self._lock:
            offer = self._current_offers().get(name)
            if offer is None:
                raise NotKnownError(f"There is no scene '{name}' here; index it, or put it into the folder of scenes.")
            opening = self._opening[name]
        with opening:  # opening measures the scene's colours: once, however many tiles are asked for at the same time
            kept = self._scenes.get(name)
            if kept is not None and kept[0] == offer and _unchanged(kept[1]):
                return kept[1]
            picture = ScenePicture.of(offer.open())
            with self._lock:
                self._scenes[name] = (offer, picture)
            return picture

    def layer(self, name: str) -> LayerPicture:
        """The layer of a name.

        Raises:
            NotKnownError: there is none.
            SceneError: its file cannot be read.
        """
        path = layers_dir() / f"{name}.tif"
        # The listing decides, not the name: what is asked for never becomes a path of its own.
        if path not in layers_dir().glob("*.tif") or not path.is_file():
            raise NotKnownError(f"There is no layer '{name}' here; export a density map to the folder of layers.")
        version = file_version(path)
        kept = self._layers.get(name)
        if kept is None or kept.version != version:
            kept = self._layers[name] = LayerPicture.of(name, path, version)
        return kept

    def _current_offers(self) -> dict[str, _Offer]:
        now = time.monotonic()
        if not self._listed or now - self._listed > _LIST_S:
            self._offers, self._listed = _list_scenes(settings.indexes_dir()), now
            for gone in self._scenes.keys() - self._offers.keys():
                del self._scenes[gone]
        return self._offers


def _list_scenes(root: Path) -> dict[str, _Offer]:
    """Every known scene by the name it has once it is open."""
    records = {record.name: record for index in list_indexes(root) for record in index.scenes}
    offers = {name: _Offer(record.source, record) for name, record in records.items()}
    for known in known_scenes(root):
        if not known.encoders:
            offers.setdefault(scene_name(known.source), _Offer(known.source, None))
    return offers


def _unchanged(picture: ScenePicture) -> bool:
    return file_stamps(list(picture.files)) == picture.files
