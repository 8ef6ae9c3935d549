"""The map tile service: known scenes and exported density layers as XYZ tiles, TileJSON and WMTS.

An ASGI application for the app's own port. Names come from a list; no request can name a path, an address or an
option that reaches GDAL, so the routes are written here and titiler gives the documents and media types.
"""

import io
import logging
import os
import threading
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import numpy as np
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from starlette.exceptions import HTTPException as AnyHTTPException
from titiler.core.models.mapbox import TileJSON
from titiler.core.resources.enums import MediaType

from graft_core.errors import GraftError
from graft_core.serve.addresses import GRID, tiles_path
from graft_core.serve.known import Known, NotKnownError
from graft_core.serve.mercator import MAX_ZOOM
from graft_core.serve.pictures import COLORMAPS, LayerPicture, MapTile, Picture

TILE_PX = 256
FORMATS = ("png", "webp", "jpg", "jpeg")
"""Endings of a tile's address; the last two cannot be transparent."""

_log = logging.getLogger(__name__)
_ENCODING: dict[str, dict[str, int]] = {"png": {"compress_level": 1}, "webp": {"quality": 80}, "jpeg": {"quality": 85}}
"""A tile is sent over a short way, once; what counts is how soon it is there."""
_KEEP = "private, max-age=86400"
"""For addresses that name the picture's version: another picture has another address."""
_ASK_AGAIN = "private, no-cache"
_SCALE_OF_0 = 559082264.0287178
"""Scale denominator of zoom 0 (OGC 17-083r4, WebMercatorQuad)."""
_WMTS, _OWS = "http://www.opengis.net/wmts/1.0", "http://www.opengis.net/ows/1.1"
_XLINK = "http://www.w3.org/1999/xlink"
_CORNER = "-20037508.342789 20037508.342789"

Find = Callable[..., Picture]
At = tuple[int, int, int]
"""x, y and z of a tile."""


def tile_service(prefix: str) -> FastAPI:
    """The service, to be mounted at ``prefix`` (``/rasters``, or ``/base/path/rasters``); links begin with it."""
    # rasterio hides this warning about its own in-memory arrays, but not from several threads at once.
    warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)
    known = Known()
    drawing = threading.BoundedSemaphore(max(2, os.cpu_count() or 1))
    app = FastAPI(title="GRAFT Explorer map tiles", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(_routes("scenes", known.scene, prefix, drawing))
    app.include_router(_routes("layers", _layer_finder(known), prefix, drawing))
    app.add_exception_handler(RequestValidationError, _refused)
    app.add_exception_handler(AnyHTTPException, _nothing_here)
    app.add_exception_handler(GraftError, _unreadable)
    app.add_exception_handler(RasterioError, _unreadable)
    return app


def _position(
    x: Annotated[int, Path(ge=0)], y: Annotated[int, Path(ge=0)], z: Annotated[int, Path(ge=0, le=MAX_ZOOM)]
) -> At:
    if max(x, y) >= 2**z:
        raise HTTPException(400, f"Zoom {z} has tiles 0 to {2**z - 1} along each side; ask for x and y among them.")
    return x, y, z


def _ending(ending: str) -> str:
    if ending == "jpg":
        return "jpeg"  # the only one of the two with a registered media type
    if ending not in FORMATS:
        raise HTTPException(400, f"There are no '{ending[:20]}' tiles; ask for one of {', '.join(FORMATS)}.")
    return ending


Spot = Annotated[At, Depends(_position)]
Ending = Annotated[str, Depends(_ending)]


def _routes(kind: str, find: Find, prefix: str, drawing: threading.BoundedSemaphore) -> APIRouter:
    """Tiles and documents of each scene, or of each layer."""
    router = APIRouter(prefix=f"/{kind}/{{name}}")
    found = Depends(find)

    def answer(request: Request, picture: Picture, at: At, size: int, ending: str) -> Response:
        headers = {"ETag": f'"{picture.version}"', "Cache-Control": _ASK_AGAIN}
        if request.query_params.get("v") == picture.version:
            headers["Cache-Control"] = _KEEP
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        with drawing:  # each tile takes its processor and memory; more at once would only take more memory
            content = _encoded(picture.tile(*at, size), ending)
        return Response(content, media_type=MediaType[ending].value, headers=headers)

    @router.get(f"/tiles/{GRID}/{{z}}/{{x}}/{{y}}@2x.{{ending}}")
    def large_tile(request: Request, at: Spot, ending: Ending, picture: Picture = found) -> Response:
        return answer(request, picture, at, 2 * TILE_PX, ending)

    @router.get(f"/tiles/{GRID}/{{z}}/{{x}}/{{y}}.{{ending}}")
    def tile(request: Request, at: Spot, ending: Ending, picture: Picture = found) -> Response:
        return answer(request, picture, at, TILE_PX, ending)

    @router.get("/tilejson.json")
    def tilejson(request: Request, picture: Picture = found) -> Response:
        document = TileJSON(
            name=picture.name,
            tiles=[_tiles_link(request, prefix, kind, picture)],
            minzoom=0,
            maxzoom=picture.maxzoom,
            bounds=list(picture.bounds),
        )
        return _document(document.model_dump(exclude_none=True))

    @router.get("/info")
    def info(picture: Picture = found) -> Response:
        place = {"bounds": list(picture.bounds), "minzoom": 0, "maxzoom": picture.maxzoom}
        return _document({"name": picture.name, "version": picture.version} | place | picture.info())

    @router.get("/WMTSCapabilities.xml")
    def wmts(request: Request, picture: Picture = found) -> Response:
        link = _tiles_link(request, prefix, kind, picture)
        return Response(
            capabilities(picture, link), media_type="application/xml", headers={"Cache-Control": _ASK_AGAIN}
        )

    return router


def _layer_finder(known: Known) -> Find:
    def find(
        name: str,
        colormap: str = COLORMAPS[0],
        maximum: Annotated[float | None, Query(alias="max", gt=0, allow_inf_nan=False)] = None,
    ) -> LayerPicture:
        if colormap not in COLORMAPS:
            raise HTTPException(400, f"Unknown colormap '{colormap[:40]}'; choose one of {', '.join(COLORMAPS)}.")
        layer = known.layer(name)
        return replace(layer, colormap=colormap, maximum=maximum or layer.maximum)

    return find


def _encoded(tile: MapTile, ending: str) -> bytes:
    """The picture as a file; by Pillow, which needs no detour through GDAL's memory files."""
    image = Image.fromarray(np.dstack([*tile.rgb, tile.alpha]))
    file = io.BytesIO()
    (image.convert("RGB") if ending == "jpeg" else image).save(file, ending, **_ENCODING[ending])
    return file.getvalue()


def capabilities(picture: Picture, link: str) -> str:
    """WMTS 1.0.0 capabilities of one layer whose tiles are at ``link``, a template with {z}, {x} and {y}."""
    root = Element("Capabilities", {"xmlns": _WMTS, "xmlns:ows": _OWS, "xmlns:xlink": _XLINK, "version": "1.0.0"})
    service = SubElement(root, "ows:ServiceIdentification")
    _texts(service, {"ows:Title": "GRAFT Explorer", "ows:ServiceType": "OGC WMTS", "ows:ServiceTypeVersion": "1.0.0"})
    contents = SubElement(root, "Contents")
    layer = SubElement(contents, "Layer")
    _texts(layer, {"ows:Title": picture.name, "ows:Identifier": picture.name})
    west, south, east, north = picture.bounds
    box = SubElement(layer, "ows:WGS84BoundingBox", crs="urn:ogc:def:crs:OGC:2:84")
    _texts(box, {"ows:LowerCorner": f"{west:.9f} {south:.9f}", "ows:UpperCorner": f"{east:.9f} {north:.9f}"})
    _texts(SubElement(layer, "Style", isDefault="true"), {"ows:Identifier": "default"})
    _texts(layer, {"Format": "image/png"})
    _texts(SubElement(layer, "TileMatrixSetLink"), {"TileMatrixSet": GRID})
    template = link.replace("{z}", "{TileMatrix}").replace("{x}", "{TileCol}").replace("{y}", "{TileRow}")
    SubElement(layer, "ResourceURL", format="image/png", resourceType="tile", template=template)
    matrices = SubElement(contents, "TileMatrixSet")
    _texts(matrices, {"ows:Identifier": GRID, "ows:SupportedCRS": "urn:ogc:def:crs:EPSG::3857"})
    for zoom in range(picture.maxzoom + 1):
        _texts(SubElement(matrices, "TileMatrix"), _matrix(zoom))
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _matrix(zoom: int) -> dict[str, str]:
    return {
        "ows:Identifier": str(zoom),
        "ScaleDenominator": repr(_SCALE_OF_0 / 2**zoom),
        "TopLeftCorner": _CORNER,
        "TileWidth": str(TILE_PX),
        "TileHeight": str(TILE_PX),
        "MatrixWidth": str(2**zoom),
        "MatrixHeight": str(2**zoom),
    }


def _texts(parent: Element, texts: dict[str, str]) -> None:
    for tag, text in texts.items():
        SubElement(parent, tag).text = text


def _tiles_link(request: Request, prefix: str, kind: str, picture: Picture) -> str:
    """The whole address of a picture's tiles, as whoever asks reaches the service: also through a proxy."""
    query = {"v": picture.version}
    if isinstance(picture, LayerPicture):
        query = {"colormap": picture.colormap, "max": f"{picture.maximum:.6g}"} | query
    return f"{_origin(request)}{tiles_path(prefix, kind, picture.name)}?{urlencode(query)}"


def _origin(request: Request) -> str:
    def told(header: str) -> str:
        return request.headers.get(header, "").split(",")[0].strip()  # each proxy adds its own; the first is outermost

    scheme = told("x-forwarded-proto")
    host = told("x-forwarded-host") or request.url.netloc
    folder = told("x-forwarded-prefix").strip("/")
    return f"{scheme if scheme in ('http', 'https') else request.url.scheme}://{host}{f'/{folder}' if folder else ''}"


def _document(content: dict[str, Any]) -> Response:
    return JSONResponse(content, headers={"Cache-Control": _ASK_AGAIN})


def _sentence(status: int, text: str) -> Response:
    return JSONResponse({"detail": text}, status, headers={"Cache-Control": "no-store"})


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return _sentence(400, f"'{first['loc'][-1]}' cannot be '{str(first['input'])[:40]}': {first['msg']}.")


def _nothing_here(_: Request, error: Exception) -> Response:
    assert isinstance(error, AnyHTTPException)
    text = "There is nothing at this address." if error.detail == "Not Found" else str(error.detail)
    return _sentence(error.status_code, text if text.endswith(".") else f"{text}.")


def _unreadable(request: Request, error: Exception) -> Response:
    """The reason names files of the server, so it goes to the log."""
    if isinstance(error, NotKnownError):
        return _sentence(404, str(error))
    _log.warning("%s: %s", request.url.path, error)
    name = request.path_params.get("name", "")
    return _sentence(
        404, f"'{name}' cannot be shown: its file is gone, damaged or no imagery; the app's log says which."
    )
