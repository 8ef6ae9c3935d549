"""A pen for flat pictures without a camera: positions in units of a frame, u to the right and v down."""

from collections.abc import Sequence

from graft_core.world.ground_shot import Colour, Point, Shot, clipped


class Pen:
    """Draws on a shot's canvas; ``moved`` gives a pen with an origin and a unit of its own."""

    def __init__(self, shot: Shot, u: float = 0.0, v: float = 0.0, unit: float = 1.0) -> None:
        self.shot = shot
        self.u = u * shot.width
        self.v = v * shot.width
        self.unit = unit * shot.width

    def moved(self, u: float, v: float, unit: float) -> "Pen":
        """A pen whose origin is (u, v) and whose unit is ``unit``, both as shares of the whole picture."""
        return Pen(self.shot, u, v, unit)

    def _points(self, points: Sequence[Point]) -> list[Point]:
        return [(self.u + a * self.unit, self.v + b * self.unit) for a, b in points]

    def ellipse(self, u: float, v: float, half_wide: float, half_high: float, colour: Colour) -> None:
        """An ellipse by its centre and half axes."""
        corners = self._points(((u - half_wide, v - half_high), (u + half_wide, v + half_high)))
        self.shot.draw.ellipse(corners, fill=clipped(colour))

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """A filled rectangle."""
        self.shot.draw.rectangle(self._points(((left, top), (right, bottom))), fill=clipped(colour))

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled outline."""
        self.shot.draw.polygon(self._points(points), fill=clipped(colour))

    def stroke(self, points: Sequence[Point], colour: Colour, thick: float) -> None:
        """An open line."""
        self.shot.draw.line(self._points(points), fill=clipped(colour), width=max(1, round(thick * self.unit)))
