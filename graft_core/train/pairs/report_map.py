"""Maps of a pairs report as SVG: scenes, tiles by split, photos kept and left out. Colours come from the page's CSS."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from graft_core.geo.frame import local_metres, middle_of, on_sphere
from graft_core.train.pairs.report import PairReport
from graft_core.train.pairs.table import PairTable

MAPS = 6
"""Places that get a map of their own, those with most tiles first."""
NEIGHBOURS_M = 30_000.0
"""Scenes whose middles are nearer than this share a map."""
WIDTH, LEAST_HEIGHT, MOST_HEIGHT = 960.0, 260.0, 720.0
_MARGIN = 0.06
_LEAST_TILE = 3.0
_LEAST_SCENE = 9.0
_DOTS = _TILES = 4000
"""Most photos and most tiles that one map draws, evenly chosen."""
_LABEL = 48.0
"""Room for the name of a meridian."""

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MapPanel:
    """One map."""

    title: str
    """What it shows."""
    svg: str
    """The drawing."""


@dataclass(frozen=True)
class _Sheet:
    """From metres or degrees to the drawing."""

    left: float
    top: float
    scale: float
    """Drawing units per unit of the ground."""
    height: float

    @classmethod
    def around(cls, points: F64) -> "_Sheet":
        low, high = points.min(axis=0), points.max(axis=0)
        span = np.maximum(high - low, 1e-3) * (1 + 2 * _MARGIN)
        scale = min(WIDTH / span[0], MOST_HEIGHT / span[1])
        height = max(LEAST_HEIGHT, span[1] * scale + _LABEL)
        middle = (low + high) / 2
        return cls(middle[0] - WIDTH / scale / 2, middle[1] + height / scale / 2, scale, height)

    def at(self, points: F64) -> F64:
        """(..., 2) places in the drawing, y down."""
        return np.stack([(points[..., 0] - self.left) * self.scale, (self.top - points[..., 1]) * self.scale], axis=-1)

    def shows(self, drawn: F64) -> npt.NDArray[np.bool_]:
        return np.asarray(((drawn >= 0) & (drawn <= [WIDTH, self.height])).all(axis=-1))


def maps(report: PairReport, table: PairTable | None) -> list[MapPanel]:
    """An overview where scenes or photos lie far apart, and a map of each place with pairs."""
    rings = {name: np.array(ring) for name, ring in report.outlines.items()}
    left_out = np.array(report.left_out_at, np.float64).reshape(-1, 2)
    groups = _groups(rings)
    details = [] if table is None else _details(rings, groups, table, left_out)
    if table is not None and len(groups) == 1:
        return details
    return [MapPanel("Where the scenes and the photos lie", _overview(rings, left_out, table)), *details]


def _details(rings: dict[str, F64], groups: list[list[str]], table: PairTable, left_out: F64) -> list[MapPanel]:
    names = [scene.name for scene in table.scenes]
    tiles_of = dict(zip(names, np.bincount(table.scene, minlength=len(names)).tolist(), strict=True))
    outlines = table.tile_outlines()
    panels = []
    for group in sorted(groups, key=lambda group: -sum(tiles_of.get(name, 0) for name in group))[:MAPS]:
        tiles = np.isin(table.scene, [names.index(name) for name in group])
        if not tiles.any():
            continue
        more = f" and {len(group) - 1} more scenes" if len(group) > 1 else ""
        svg = _detail({name: rings[name] for name in group}, table, outlines, tiles, left_out)
        panels.append(MapPanel(f"{group[0]}{more}", svg))
    return panels


def _detail(rings: dict[str, F64], table: PairTable, outlines: F64, tiles: npt.NDArray[np.bool_], left_out: F64) -> str:
    lon, lat = middle_of(np.concatenate(list(rings.values()))).tolist()
    scenes = {name: local_metres(ring, (lon, lat)) for name, ring in rings.items()}
    sheet = _Sheet.around(np.concatenate(list(scenes.values())))
    photos = table.lonlat[tiles[table.owner]]
    parts = [_polygon(sheet.at(ring), "scene", name) for name, ring in scenes.items()]
    near = left_out[np.linalg.norm(on_sphere(left_out) - on_sphere(np.array([lon, lat])), axis=1) < 1e6]
    parts += _dots(sheet, local_metres(near, (lon, lat)), "left", 2.2)
    shown = np.flatnonzero(tiles)
    shown = shown[:: max(1, -(-len(shown) // _TILES))]
    squares, validation = sheet.at(local_metres(outlines[shown], (lon, lat))), table.validation[shown]
    for kind, chosen in (("train", ~validation), ("validation", validation)):
        parts += [_polygon(_visible(square), kind) for square in squares[chosen]]
    parts += _dots(sheet, local_metres(photos, (lon, lat)), "kept", 1.5)
    parts += _scale_bar(sheet)
    return _svg(sheet, parts, f"Map of {next(iter(rings))}: tiles by split, photos kept and left out")


def _overview(rings: dict[str, F64], left_out: F64, table: PairTable | None) -> str:
    """Longitude and latitude as x and y."""
    kept = np.empty((0, 2)) if table is None else table.lonlat
    sheet = _Sheet.around(np.concatenate([*rings.values(), left_out, kept]))
    parts = list(_graticule(sheet))
    parts += _dots(sheet, left_out, "left", 3.0)
    parts += _dots(sheet, kept, "kept", 2.0)
    parts += [_polygon(_visible(sheet.at(ring), _LEAST_SCENE), "scene bold", name) for name, ring in rings.items()]
    return _svg(sheet, parts, "Overview map of scenes and photos, longitude and latitude")


def _groups(rings: dict[str, F64]) -> list[list[str]]:
    """Scenes that lie together."""
    middles = np.array([on_sphere(middle_of(ring)) for ring in rings.values()]).reshape(-1, 3)
    pairs = cKDTree(middles).sparse_distance_matrix(cKDTree(middles), NEIGHBOURS_M, output_type="coo_matrix")
    pairs.data[:] = 1
    count, label = connected_components(pairs, directed=False)
    names = list(rings)
    return [[names[i] for i in np.flatnonzero(label == group)] for group in range(count)]


def _visible(square: F64, least: float = _LEAST_TILE) -> F64:
    """The same outline, grown around its middle where it would be too small to see."""
    middle = square.mean(axis=0)
    size = float(np.ptp(square, axis=0).max())
    return square if size >= least else middle + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * least / 2


def _polygon(points: F64, kind: str, title: str = "") -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    inner = f"<title>{escape(title)}</title>" if title else ""
    return f'<polygon class="{kind}" points="{path}">{inner}</polygon>'


def _dots(sheet: _Sheet, places: F64, kind: str, radius: float) -> list[str]:
    drawn = sheet.at(places)
    drawn = drawn[sheet.shows(drawn)]
    drawn = drawn[:: max(1, -(-len(drawn) // _DOTS))]
    return [f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>' for x, y in drawn]


def _scale_bar(sheet: _Sheet) -> list[str]:
    metres = _round_step(WIDTH / sheet.scale / 5)
    length, y = metres * sheet.scale, sheet.height - 14
    text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    return [
        f'<path class="bar" d="M14 {y - 5:.0f}V{y:.0f}H{14 + length:.1f}V{y - 5:.0f}"/>',
        f'<text class="note" x="{20 + length:.1f}" y="{y:.0f}">{text}</text>',
        f'<text class="note" x="{WIDTH - 24:.0f}" y="24">N</text>',
        f'<path class="bar" d="M{WIDTH - 18.5:.1f} 46V30m-4 6l4 -6l4 6"/>',
    ]


def _graticule(sheet: _Sheet) -> Iterator[str]:
    step = _round_step(WIDTH / sheet.scale / 6)
    if step > 20:
        step = 30.0
    for axis, length in ((0, WIDTH / sheet.scale), (1, sheet.height / sheet.scale)):
        low = sheet.left if axis == 0 else sheet.top - length
        for k in range(math.ceil(low / step), math.floor((low + length) / step) + 1):
            degrees = k * step
            if abs(degrees) > (180, 90)[axis]:
                continue
            x, y = sheet.at(np.array([degrees, degrees]))
            text = f"{abs(degrees):g}°{_letter(degrees, 'EW' if axis == 0 else 'NS')}"
            if axis == 0:
                yield f'<path class="grid" d="M{x:.1f} 0V{sheet.height:.0f}"/>'
                if x > WIDTH - _LABEL:
                    continue
                yield f'<text class="note" x="{x + 4:.1f}" y="{sheet.height - 8:.0f}">{text}</text>'
            else:
                yield f'<path class="grid" d="M0 {y:.1f}H{WIDTH:.0f}"/>'
                yield f'<text class="note" x="6" y="{y - 4:.1f}">{text}</text>'


def _letter(degrees: float, letters: str) -> str:
    return "" if degrees == 0 else letters[degrees < 0]


def _round_step(most: float) -> float:
    """The largest of 1, 2, 5, 10 ... that is not above ``most``."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(factor * power for factor in (1, 2, 5) if factor * power <= most * (1 + 1e-9))


def _svg(sheet: _Sheet, parts: Sequence[str], label: str) -> str:
    box = f"0 0 {WIDTH:.0f} {sheet.height:.0f}"
    return f'<svg class="map" viewBox="{box}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
