"""Makes static/land.json, the land that lies under the Library's map where there is no internet.

    python static/natural_earth.py

Natural Earth's countries at 1:110 million (public domain, https://www.naturalearthdata.com) come with pyogrio's tests.
They are merged, simplified and written as rings of latitude and longitude, as Leaflet takes them.
"""

import json
from pathlib import Path

import geopandas
import pyogrio

SOURCE = Path(pyogrio.__file__).parent / "tests" / "fixtures" / "naturalearth_lowres" / "naturalearth_lowres.shp"
TARGET = Path(__file__).parent / "land.json"
TOLERANCE = 0.15
"""Degrees."""
SMALLEST = 0.2
"""Square degrees; smaller islands are left out."""


def main() -> None:
    """Write the file."""
    land = geopandas.read_file(SOURCE).union_all().simplify(TOLERANCE)
    rings = [
        [[round(lat, 1), round(lon, 1)] for lon, lat in part.exterior.coords]
        for part in land.geoms
        if part.area > SMALLEST
    ]
    TARGET.write_text(json.dumps(rings, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
