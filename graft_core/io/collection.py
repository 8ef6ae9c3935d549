"""Several files as one scene: a mosaic of small rasters, or one file per band; written down as a virtual raster."""

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from glob import glob, has_magic
from pathlib import Path
from typing import Literal

from rasterio.io import DatasetReader

from graft_core.errors import SceneError
from graft_core.io.identity import NAME_TAG, acquired_date, safe_name, scene_name
from graft_core.io.sensors import is_mask, processing_level, raster_facts
from graft_core.io.source import gdal_path, has_stored_mask, is_remote, open_dataset, read_sample, require_place
from graft_core.io.vrt import Member, mosaic_xml, stack_xml, store_vrt

SUFFIXES = (".tif", ".tiff", ".jp2", ".vrt")
"""Files of a folder that belong to a collection."""

_BAND = re.compile(r"(?:^|[_.-])B(\d\d|8A)(?=_10m|_20m|_60m|$)(_\d\dm)?", re.IGNORECASE)
_WANTED = ("04", "03", "02", "08")
_REQUIRED = ("04", "03", "02")
_OFFSET_BASELINE = re.compile(r"_N0[4-9]\d\d_[^/]*\.SAFE", re.IGNORECASE)
"""Products of processing baseline 04.00 and later, as delivered: their values carry an offset of 1000."""
_RADIOMETRY = ("QUANTIFICATION_VALUE", "ADD_OFFSET")


def resolve_source(source: str | Path | Sequence[str | Path]) -> str:
    """One path or address that GDAL opens: the given one, or the virtual raster made of a folder, a pattern or a list.

    SceneError when there is nothing to open or the files do not fit together; it lists which to open apart.
    """
    if not isinstance(source, str | Path):
        members = [_absolute(str(item)) for item in source]
        if not members:
            raise SceneError("An empty list is no scene; give at least one file.")
        return members[0] if len(members) == 1 else _combined(members, _list_name(members))
    text = str(source)
    if is_remote(text) or text.startswith("/vsi"):
        return text
    if text.lstrip().startswith("<VRTDataset"):
        return store_vrt(text, "virtual")
    path = _absolute(text)
    if os.path.isdir(path):
        return _one_or_combined(_folder_members(path), path)
    if has_magic(text) and not os.path.exists(path):
        return _one_or_combined(sorted(name for name in glob(path) if _is_raster(name)), path)
    return path


def _one_or_combined(members: list[str], origin: str) -> str:
    if not members:
        raise SceneError(f"{origin} holds no raster ({', '.join(SUFFIXES)}); give a folder with scenes, or a file.")
    return members[0] if len(members) == 1 else _combined(members, scene_name(origin))


def _folder_members(folder: str) -> list[str]:
    """The rasters of a folder; of a Sentinel-2 product as delivered (.SAFE) its 10 m bands."""
    rasters = sorted(str(path) for path in Path(folder).iterdir() if _is_raster(str(path)))
    if not rasters:
        rasters = sorted(str(path) for path in Path(folder).rglob("*.jp2") if "IMG_DATA" in path.parts)
    bands = [path for path in rasters if _band_of(path)]
    # A product holds its bands at several resolutions; only those at 10 m are wanted.
    bands = [path for path in bands if _stem(path).endswith("_10m")] or bands
    # A product folder also holds quick looks and quality layers; they are no scenes of their own.
    return bands if {_band_of(path) for path in bands} >= set(_REQUIRED) else rasters


def _combined(paths: list[str], name: str) -> str:
    if all(_band_of(path) for path in paths):
        return _stacked(paths, name)
    members = [file_member(path) for path in paths]
    groups: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        groups[_grid_text(member)].append(member)
    if len(groups) > 1:
        raise SceneError(_apart([(text, [member.path for member in group]) for text, group in groups.items()]))
    for member in members:
        transform = member.transform
        if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
            raise SceneError(f"{member.path} is rotated, so it cannot join a collection; open it apart.")
    return store_vrt(mosaic_xml(members, {**_common_tags(members), NAME_TAG: name}), name)


def _stacked(paths: list[str], name: str) -> str:
    products: dict[str, dict[str, str]] = defaultdict(dict)
    for path in paths:
        band = _band_of(path)
        if band in _WANTED:
            products[_BAND.sub(r"\2", _stem(path))][band] = path
    if len(products) > 1:
        raise SceneError(_apart([(product, list(files.values())) for product, files in products.items()]))
    files = next(iter(products.values()), {})
    missing = [f"B{band}" for band in _REQUIRED if band not in files]
    if missing:
        raise SceneError(f"Of {paths[0]} and its other bands, {' and '.join(missing)} is missing; add that file.")
    paths = [files[band] for band in _WANTED if band in files]
    offset = {"BOA_ADD_OFFSET": "-1000"} if all(_OFFSET_BASELINE.search(path) for path in paths) else {}
    xml = stacked_xml({f"B{band}": files[band] for band in _WANTED if band in files}, {**offset, NAME_TAG: name})
    return store_vrt(xml, name)


def stacked_xml(files: Mapping[str, str], tags: Mapping[str, str]) -> str:
    """One file per band, by the names the bands are to have, as one virtual raster.

    ``tags`` come before what the files say alike; with an offset among them, the files' own scales do not count.
    SceneError where they lie on different grids.
    """
    members = [file_member(path) for path in files.values()]
    if "BOA_ADD_OFFSET" in tags:
        members = [
            replace(member, scales=(1.0,) * len(member.scales), offsets=(0.0,) * len(member.offsets))
            for member in members
        ]
    first = members[0]
    for member in members:
        if (member.crs, member.transform, member.width, member.height) != (
            first.crs,
            first.transform,
            first.width,
            first.height,
        ):
            raise SceneError(f"{member.path} and {first.path} lie on different grids; give bands of one resolution.")
    return stack_xml(members, list(files), {**_common_tags(members), **tags})


def file_member(path: str) -> Member:
    """What a virtual raster has to know of a file; SceneError where it cannot be opened, or has no place."""
    with open_dataset(path) as dataset:
        require_place(dataset, path)
        return Member(
            path=gdal_path(path),
            crs=dataset.crs,
            transform=dataset.transform,
            width=dataset.width,
            height=dataset.height,
            dtype=dataset.dtypes[0],
            names=tuple(name or "" for name in dataset.descriptions),
            colors=tuple(color.name.lower() for color in dataset.colorinterp),
            scales=tuple(dataset.scales),
            offsets=tuple(dataset.offsets),
            nodata=dataset.nodata,
            block=dataset.block_shapes[0],
            mask=_mask_kind(dataset),
            tags=_telling_tags(dataset, path),
        )


def _mask_kind(dataset: DatasetReader) -> Literal["stored", "none", "infrared"]:
    if has_stored_mask(dataset):
        return "stored"
    alphas = [band for band, color in zip(dataset.indexes, dataset.colorinterp, strict=True) if color.name == "alpha"]
    if not alphas:
        return "none"
    return "stored" if is_mask(read_sample(dataset, alphas[:1])) else "infrared"


def _telling_tags(dataset: DatasetReader, path: str) -> dict[str, str]:
    """What a member's metadata and name say about day, level and radiometry."""
    facts = raster_facts(dataset, path, 0.0)
    tags = {key: value for key, value in facts.tags.items() if key.endswith(_RADIOMETRY)}
    for band in facts.band_tags:
        tags.update({key: value for key, value in band.items() if key.endswith(_RADIOMETRY)})
    day, level = acquired_date(path, facts.tags), processing_level(facts)
    if day is not None:
        tags["ACQUISITION_DATE"] = day.isoformat()
    if level is not None:
        tags["PROCESSING_LEVEL"] = f"Level-{level.removeprefix('L')}"
    return tags


def _common_tags(members: Sequence[Member]) -> dict[str, str]:
    first = members[0].tags
    return {key: value for key, value in first.items() if all(member.tags.get(key) == value for member in members)}


def _grid_text(member: Member) -> str:
    """What the members of a collection must share, in words."""
    crs = member.crs.to_string() if member.crs is not None else "no CRS"
    unit = "degrees" if member.crs is not None and member.crs.is_geographic else "m"
    text = f"{crs}, {abs(member.transform.a):.6g} {unit}, {len(member.names)} bands {member.dtype}"
    radiometry = [f"{key}={value}" for key, value in sorted(member.tags.items()) if key.endswith(_RADIOMETRY)]
    if set(member.scales) != {1.0} or set(member.offsets) != {0.0}:
        radiometry.append(f"scale {member.scales[0]:g}, offset {member.offsets[0]:g}")
    return ", ".join([text, *radiometry])


def _apart(groups: list[tuple[str, list[str]]]) -> str:
    shown = "; ".join(f"[{text}] {_few([os.path.basename(path) for path in paths])}" for text, paths in groups)
    count = sum(len(paths) for _, paths in groups)
    return f"These {count} files do not make one scene, so open each of these groups apart: {shown}."


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _band_of(path: str) -> str | None:
    match = _BAND.search(_stem(path))
    return match[1].upper() if match else None


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def _is_raster(path: str) -> bool:
    return path.lower().endswith(SUFFIXES) and os.path.isfile(path)


def _absolute(path: str) -> str:
    return path if is_remote(path) or path.startswith("/vsi") else os.path.abspath(os.path.expanduser(path))


def _list_name(paths: list[str]) -> str:
    """The folder's name for all files of one folder; else the first file's, told apart by the whole list."""
    folder = os.path.dirname(paths[0])
    if os.path.isdir(folder) and sorted(paths) == _folder_members(folder):
        return scene_name(folder)
    return f"{safe_name(_stem(paths[0]))}-{hashlib.sha256(repr(sorted(paths)).encode()).hexdigest()[:6]}"
