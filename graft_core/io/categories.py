"""Names of the classes of a raster, where GDAL keeps them: in ``<raster>.aux.xml`` beside it (GDAL's PAM format).

A GeoTIFF has no place for them; QGIS, gdalinfo and every other reader that goes through GDAL find them there.
"""

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from graft_core.errors import ExportError
from graft_core.io.atomic import write_text


def categories_path(raster: Path) -> Path:
    """The file of a raster's category names."""
    return raster.with_name(f"{raster.name}.aux.xml")


def write_categories(raster: Path, names: Mapping[int, str]) -> None:
    """Write the names of the values of band 1, whole or not at all; values without a name get an empty one."""
    root = Element("PAMDataset")
    listed = SubElement(SubElement(root, "PAMRasterBand", band="1"), "CategoryNames")
    for value in range(max(names, default=-1) + 1):
        SubElement(listed, "Category").text = names.get(value, "")
    ElementTree.indent(root)
    write_text(categories_path(raster), ElementTree.tostring(root, encoding="unicode") + "\n")


def read_categories(raster: Path) -> dict[int, str]:
    """The names of the values of band 1; empty where none are kept. ExportError where the file is damaged."""
    path = categories_path(raster)
    if not path.is_file():
        return {}
    try:
        root = ElementTree.fromstring(path.read_bytes())
    except (OSError, ElementTree.ParseError) as error:
        raise ExportError(f"The category names in {path} cannot be read ({error}); remove the file.") from error
    listed = root.findall("PAMRasterBand[@band='1']/CategoryNames/Category")
    return {value: each.text.strip() for value, each in enumerate(listed) if each.text and each.text.strip()}
