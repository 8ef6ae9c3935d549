"""Density as a landscape: a column a tile, drawn without any map from elsewhere."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pydeck
import streamlit as st

from graft_core.geo.place import bounds_wgs84, lon_lat
from graft_core.tasks.density import DensityMap
from graft_core.tasks.map_picture import painted
from graft_core.types import F32

MOST_COLUMNS = 40_000
"""A browser draws so many with ease; of larger lattices every other row and column is shown."""


def show_relief(maps: Sequence[DensityMap], ramp: str) -> None:
    """One column for each tile, as high and as bright as its neighbourhood is dense."""
    brightest = max(density.brightest for density in maps)
    west, south, east, north = zip(*(bounds_wgs84(density.geobox) for density in maps), strict=True)
    extent = max(max(density.geobox.shape) * float(density.geobox.resolution.x) for density in maps)
    layers = [_columns(density, ramp, brightest, 0.15 * extent) for density in maps]
    view = pydeck.ViewState(
        longitude=(min(west) + max(east)) / 2, latitude=(min(south) + max(north)) / 2, zoom=_zoom(extent), pitch=50,
        bearing=15,
    )  # fmt: skip
    deck = pydeck.Deck(layers, initial_view_state=view, map_provider=None, tooltip={"text": "density {density}"})
    st.pydeck_chart(deck, height=520)
    st.caption("Drag to move, Ctrl and drag to turn.")


def _columns(density: DensityMap, ramp: str, brightest: float, highest: float) -> pydeck.Layer:
    """The columns of one scene; ``brightest`` is drawn ``highest`` metres high."""
    grid = density.scores.grid
    values: F32 = density.field.values[0]
    step = max(1, int(np.ceil(np.sqrt(values.size / MOST_COLUMNS))))
    rows, cols = (np.arange(0, length, step) for length in values.shape)
    first, affine = grid.tile(0), grid.geobox.affine
    x = affine.c + affine.a * (first.left + cols * grid.stride_px + grid.tile_px / 2)
    y = affine.f + affine.e * (first.top + rows * grid.stride_px + grid.tile_px / 2)
    assert grid.geobox.crs is not None  # a grid has one
    lon, lat = lon_lat(grid.geobox.crs, *np.meshgrid(x, y))
    seen = values[np.ix_(rows, cols)]
    known = np.isfinite(seen)
    table = pd.DataFrame(
        {
            "lon": lon[known],
            "lat": lat[known],
            "density": seen[known].astype(float).round(4),
            "color": painted(seen / brightest, ramp)[..., :3][known].tolist(),
        }
    )
    side = grid.stride_px * grid.gsd * step
    return pydeck.Layer(
        "ColumnLayer", table, get_position="[lon, lat]", get_elevation="density", elevation_scale=highest / brightest,
        radius=side / 2**0.5, disk_resolution=4, angle=45, get_fill_color="color", pickable=True,
    )  # fmt: skip


def _zoom(extent: float) -> float:
    """Zoom at which so many metres are some 250 screen pixels, which the perspective enlarges."""
    return float(np.log2(156_543 * 250 / extent))
