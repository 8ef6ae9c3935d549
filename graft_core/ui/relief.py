"""Density as a landscape: a column a tile, drawn without any map from elsewhere."""

import numpy as np
import pandas as pd
import pydeck
import streamlit as st

from graft_core.geo.place import lon_lat
from graft_core.tasks.density import DensityMap
from graft_core.tasks.map_picture import painted
from graft_core.types import F32

MOST_COLUMNS = 40_000
"""A browser draws so many with ease; of larger lattices every other row and column is shown."""


def show_relief(density: DensityMap, ramp: str) -> None:
    """One column for each tile, as high and as bright as its neighbourhood is dense."""
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
    colors = painted(seen / density.brightest, ramp)
    known = np.isfinite(seen)
    table = pd.DataFrame(
        {
            "lon": lon[known],
            "lat": lat[known],
            "density": seen[known].astype(float),
            "color": colors[..., :3][known].tolist(),
        }
    )
    height = 0.15 * max(density.geobox.shape) * float(density.geobox.resolution.x) / density.brightest
    layer = pydeck.Layer(
        "ColumnLayer", table, get_position="[lon, lat]", get_elevation="density", elevation_scale=height,
        radius=grid.stride_px * grid.gsd * step / 2, disk_resolution=4, angle=45, get_fill_color="color", pickable=True,
    )  # fmt: skip
    view = pydeck.ViewState(
        longitude=float(lon.mean()), latitude=float(lat.mean()), zoom=_zoom(density), pitch=50, bearing=15
    )
    deck = pydeck.Deck([layer], initial_view_state=view, map_provider=None, tooltip={"text": "density {density}"})
    st.pydeck_chart(deck, height=520)


def _zoom(density: DensityMap) -> float:
    """Zoom at which the map's longer side is some 250 screen pixels, which the perspective enlarges."""
    meters = max(density.geobox.shape) * float(density.geobox.resolution.x)
    return float(np.log2(156_543 * 250 / meters))
