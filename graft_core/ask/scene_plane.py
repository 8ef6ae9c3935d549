"""The plane that programs think in: metres from the origin of a scene's pixel lattice, y to the north."""

from dataclasses import dataclass
from typing import Any

import shapely
from odc.geo.geom import Geometry

from graft_core.geo.pixels import PixelFrame


@dataclass(frozen=True)
class ScenePlane:
    """Absolute pixels of a scene times their side, so that neither a crop nor an area of interest moves a place."""

    frame: PixelFrame
    """The scene's pixels."""

    def from_crs(self, shape: Any) -> Any:
        """A shape in the CRS of the scene -> metres of the plane."""
        return self.from_pixels(self.frame.to_pixels(shape))

    def from_pixels(self, shape: Any) -> Any:
        """A shape in absolute pixels, rows growing southwards -> metres of the plane."""
        return _scaled(shape, self.frame.pixel_m)

    def to_pixels(self, shape: Any) -> Any:
        """A shape in metres of the plane -> absolute pixels."""
        return _scaled(shape, 1 / self.frame.pixel_m)

    def to_crs(self, shape: Any) -> Geometry:
        """A shape in metres of the plane -> where it lies on the ground, in the CRS of the scene."""
        return Geometry(self.frame.to_crs(self.to_pixels(shape)), self.frame.geobox.crs)


def _scaled(shape: Any, by: float) -> Any:
    """The shape in another unit, mirrored from south to north."""
    return shapely.transform(shape, lambda points: points * (by, -by))
