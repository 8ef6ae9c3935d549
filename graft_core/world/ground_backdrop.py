"""What lies far behind a scene, small and faint on the horizon."""

from graft_core.world.ground_palette import CLOTHES, WALLS, Palette, near
from graft_core.world.ground_shot import Colour, Shot, blend, scaled
from graft_core.world.ground_sky import tree_line
from graft_core.world.ground_things import STEEL, WHITE

WOODED = ("forest", "orchard", "golf course", "cemetery", "wetland")
BUILT = ("residential area", "downtown", "industrial area", "harbour", "greenhouse", "airport", "parking lot")
SHOWN_BEHIND = frozenset({"forest", "orchard", "residential area", "downtown", "industrial area", "quarry"})
"""Classes that a person would recognise on the horizon."""


def backdrop(shot: Shot, land: Palette, beyond: str, distance: float) -> None:
    """Draw the far class along part of the horizon, before the scene covers the ground."""
    z = max(distance, 130.0) * 1.25
    if beyond in WOODED:
        tree_line(shot, shot.rng.choice((land.conifer, *land.leaves)), z=z, height=shot.rng.uniform(8, 16))
    elif beyond in BUILT:
        _roofs(shot, land, beyond, z)
    elif beyond == "quarry":
        _ridge(shot, land.rock, z, 16)
    elif beyond == "desert":
        _ridge(shot, land.sand, z, 8)
    elif beyond == "highway":
        _signs(shot, z)
    elif beyond == "baseball field":
        for _ in range(3):
            x = shot.rng.uniform(-0.8, 0.8) * shot.spread(z)
            shot.line((x, 0, z), (x, 24, z), STEEL, 0.5)
            shot.panel(x - 2.5, x + 2.5, 23, 26, z, WHITE)


def _roofs(shot: Shot, land: Palette, beyond: str, z: float) -> None:
    """A row of far buildings as high as that class builds."""
    rng = shot.rng
    low, high, wide = {
        "downtown": (18.0, 60.0, 22.0), "industrial area": (7.0, 14.0, 34.0), "residential area": (5.0, 9.0, 11.0),
        "greenhouse": (3.0, 5.0, 30.0), "airport": (7.0, 12.0, 40.0), "harbour": (4.0, 9.0, 24.0),
        "parking lot": (4.0, 8.0, 40.0),
    }[beyond]  # fmt: skip
    tree_line(shot, rng.choice(land.leaves), z=z * 1.4, height=8)
    x = -shot.spread(z) * rng.uniform(0.3, 1.1)
    end = x + shot.spread(z) * rng.uniform(0.8, 2)
    while x < end:
        tall, w = rng.uniform(low, high), wide * rng.uniform(0.6, 1.2)
        wall: Colour = near(rng, rng.choice(WALLS))
        shot.panel(x, x + w, 0, tall, z, wall, shot.side_shade(0))
        if beyond == "residential area":
            shot.upright(x, z, ((-0.5, tall), (w / 2, tall + 3), (w + 0.5, tall)), rng.choice(land.roofs))
        elif beyond == "downtown":
            for floor in range(int(tall / 4)):
                shot.line((x, floor * 4 + 2, z), (x + w, floor * 4 + 2, z), scaled(wall, 0.7), 1.2)
        elif beyond in ("industrial area", "harbour") and rng.random() < 0.3:
            shot.line((x, 0, z), (x, 34, z), blend(CLOTHES[0], STEEL, rng.random()), 1.4)
        x += w + rng.uniform(0, wide * 0.7)


def _ridge(shot: Shot, colour: Colour, z: float, tall: float) -> None:
    x, points = -shot.spread(z) * 1.1, []
    while x < shot.spread(z) * 1.1:
        points.append(shot.at(x, z, tall * shot.rng.uniform(0.5, 1.0)))
        x += shot.spread(z) * 0.15
    base = shot.at(0, z)[1]
    shot.draw.polygon([(0, base), *points, (shot.width, base)], fill=shot.tone(colour, z, 0.9))


def _signs(shot: Shot, z: float) -> None:
    for _ in range(2):
        x = shot.rng.uniform(-0.8, 0.8) * shot.spread(z)
        shot.line((x, 0, z), (x, 11, z), STEEL, 0.4)
    shot.panel(-shot.spread(z) * 1.1, shot.spread(z) * 1.1, 0.4, 1.2, z, STEEL)
