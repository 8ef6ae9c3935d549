"""Writes GDAL's virtual rasters: several files placed on one grid, or one file per band stacked."""

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from rasterio.crs import CRS
from rasterio.transform import Affine

from graft_core.errors import SceneError
from graft_core.settings import tiles_dir

_GDAL_TYPES = {
    "uint8": "Byte",
    "int8": "Int8",
    "uint16": "UInt16",
    "int16": "Int16",
    "uint32": "UInt32",
    "int32": "Int32",
    "uint64": "UInt64",
    "int64": "Int64",
    "float32": "Float32",
    "float64": "Float64",
}


@dataclass(frozen=True)
class Member:
    """One file of a virtual raster, as far as the XML needs to know it."""

    path: str
    """What GDAL opens."""
    crs: CRS | None
    """None where the file has none."""
    transform: Affine
    """Pixel to CRS."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    dtype: str
    """rasterio's name of the data type."""
    names: tuple[str, ...]
    """Band descriptions, empty where there is none."""
    colors: tuple[str, ...]
    """Colour interpretation of each band, lower case."""
    scales: tuple[float, ...]
    """Declared factor of each band."""
    offsets: tuple[float, ...]
    """Declared offset of each band."""
    nodata: float | None
    """Value that marks missing pixels, None where none is declared."""
    block: tuple[int, int]
    """Rows and columns of a block."""
    mask: Literal["stored", "none", "infrared"]
    """A mask beside the bands (or a real alpha band), none, or near infrared that is tagged alpha and masks nothing."""
    tags: Mapping[str, str]
    """Metadata of the file."""


def mosaic_xml(members: Sequence[Member], tags: Mapping[str, str]) -> str:
    """Files on one pixel grid, later ones on top; where none lies there is no data.

    Gaps are marked by the files' common nodata value, or by a mask band when they do not share one.
    """
    left = min(member.transform.c for member in members)
    top = max(member.transform.f for member in members)
    size = members[0].transform.a
    places = [
        (round((member.transform.c - left) / size), round((top - member.transform.f) / size)) for member in members
    ]
    width = max(x + member.width for (x, _), member in zip(places, members, strict=True))
    height = max(y + member.height for (_, y), member in zip(places, members, strict=True))
    transform = Affine(size, 0, left, 0, members[0].transform.e, top)
    root = _root(members[0], transform, width, height, tags)
    shared = {member.nodata for member in members}
    nodata = members[0].nodata if len(shared) == 1 else None
    for band in range(1, len(members[0].names) + 1):
        element = _band(root, members[0], band, band, nodata, members[0].block)
        for member, place in zip(members, places, strict=True):
            _source(element, member, str(band), place, nodata=nodata)
    if nodata is None:
        mask = ElementTree.SubElement(ElementTree.SubElement(root, "MaskBand"), "VRTRasterBand", dataType="Byte")
        for member, place in zip(members, places, strict=True):
            _mask_source(mask, member, place)
    return _text(root)


def stack_xml(members: Sequence[Member], names: Sequence[str], tags: Mapping[str, str]) -> str:
    """One file per band, all on one grid; ``names`` become the band descriptions."""
    first = members[0]
    root = _root(first, first.transform, first.width, first.height, tags)
    for number, (member, name) in enumerate(zip(members, names, strict=True), start=1):
        element = _band(root, member, number, 1, member.nodata, member.block, name=name)
        _source(element, member, "1", (0, 0))
    return _text(root)


def single_xml(member: Member, tags: Mapping[str, str]) -> str:
    """One file as it is, all its bands: a name on disk for something that lies elsewhere."""
    root = _root(member, member.transform, member.width, member.height, tags)
    for number in range(1, len(member.names) + 1):
        element = _band(root, member, number, number, member.nodata, member.block)
        _source(element, member, str(number), (0, 0))
    if member.mask == "stored":
        mask = ElementTree.SubElement(ElementTree.SubElement(root, "MaskBand"), "VRTRasterBand", dataType="Byte")
        _mask_source(mask, member, (0, 0))
    return _text(root)


def store_vrt(xml: str, name: str) -> str:
    """Path of a file with this text under ``collections/`` beside the scenes; the same text gives the same path."""
    digest = hashlib.sha256(xml.encode()).hexdigest()[:8]
    path = tiles_dir() / "collections" / f"{name}-{digest}.vrt"
    if not path.exists():
        try:
            _write_whole(path, xml)
        except OSError as error:
            raise SceneError(
                f"The list of the collection's files cannot be written to {path} ({error.strerror}); "
                "free space or point GRAFT_TILES to a folder you may write to."
            ) from error
    return str(path.resolve())


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _root(first: Member, transform: Affine, width: int, height: int, tags: Mapping[str, str]) -> ElementTree.Element:
    root = ElementTree.Element("VRTDataset", rasterXSize=str(width), rasterYSize=str(height))
    if first.crs is not None:
        _leaf(root, "SRS", first.crs.to_wkt(), dataAxisToSRSAxisMapping=_axis_mapping(first.crs))
    _leaf(root, "GeoTransform", ", ".join(repr(float(value)) for value in transform.to_gdal()))
    metadata = ElementTree.SubElement(root, "Metadata")
    for key, value in sorted(tags.items()):
        _leaf(metadata, "MDI", value, key=key)
    return root


def _axis_mapping(crs: CRS) -> str:
    """GDAL stores x before y; a geographic CRS of the EPSG registry says latitude first."""
    return "2,1" if crs.is_geographic else "1,2"


def _band(
    root: ElementTree.Element,
    member: Member,
    number: int,
    source_band: int,
    nodata: float | None,
    block: tuple[int, int],
    name: str = "",
) -> ElementTree.Element:
    element = ElementTree.SubElement(
        root,
        "VRTRasterBand",
        dataType=_GDAL_TYPES[member.dtype],
        band=str(number),
        blockYSize=str(block[0]),
        blockXSize=str(block[1]),
    )
    index = source_band - 1
    description = name or member.names[index]
    if description:
        _leaf(element, "Description", description)
    if nodata is not None:
        _leaf(element, "NoDataValue", repr(nodata))
    if member.colors[index] in ("red", "green", "blue"):
        _leaf(element, "ColorInterp", member.colors[index].capitalize())
    if (member.scales[index], member.offsets[index]) != (1, 0):
        _leaf(element, "Scale", repr(member.scales[index]))
        _leaf(element, "Offset", repr(member.offsets[index]))
    return element


def _source(
    band: ElementTree.Element,
    member: Member,
    source_band: str,
    place: tuple[int, int],
    *,
    nodata: float | None = None,
    constant: int | None = None,
) -> None:
    simple = nodata is None and constant is None
    source = ElementTree.SubElement(band, "SimpleSource" if simple else "ComplexSource")
    _leaf(source, "SourceFilename", member.path, relativeToVRT="0")
    _leaf(source, "SourceBand", source_band)
    width, height = str(member.width), str(member.height)
    ElementTree.SubElement(
        source,
        "SourceProperties",
        RasterXSize=width,
        RasterYSize=height,
        DataType=_GDAL_TYPES[member.dtype],
        BlockXSize=str(member.block[1]),
        BlockYSize=str(member.block[0]),
    )
    ElementTree.SubElement(source, "SrcRect", xOff="0", yOff="0", xSize=width, ySize=height)
    ElementTree.SubElement(source, "DstRect", xOff=str(place[0]), yOff=str(place[1]), xSize=width, ySize=height)
    if constant is not None:
        _leaf(source, "ScaleOffset", str(constant))
        _leaf(source, "ScaleRatio", "0")
    if nodata is not None:
        _leaf(source, "NODATA", repr(nodata))


def _mask_source(mask: ElementTree.Element, member: Member, place: tuple[int, int]) -> None:
    """Where a member has data: its stored mask, what differs from its nodata value, or everywhere."""
    if member.mask == "stored":
        _source(mask, member, "mask,1", place)
    elif member.nodata is not None:
        # Valid where any band differs. Not "mask,1": GDAL 3.10 writes such a mask beyond its place.
        for band in range(1, len(member.names) + 1):
            _source(mask, member, str(band), place, nodata=member.nodata, constant=255)
    elif member.mask == "none":
        _source(mask, member, "mask,1", place)  # GDAL answers 255 without reading
    else:
        _source(mask, member, "1", place, constant=255)


def _leaf(parent: ElementTree.Element, tag: str, text: str, **attributes: str) -> None:
    ElementTree.SubElement(parent, tag, attributes).text = text


def _text(root: ElementTree.Element) -> str:
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode")
