"""Photos that show no place: rooms, faces, meals, pets, papers; they are the noise of every photo collection."""

import math
import random
from collections.abc import Callable

from graft_core.world.ground_faces import pet, portrait
from graft_core.world.ground_palette import CLOTHES, PAINTS, WALLS, near
from graft_core.world.ground_pen import Pen
from graft_core.world.ground_shot import Colour, Light, Shot, blend, scaled

LAMP = Light("clear", (1.02, 0.98, 0.9), 0.3, (200, 196, 188), (200, 196, 188), 1e6, 0.5)

FLOORS: tuple[Colour, ...] = ((156, 112, 74), (186, 160, 128), (120, 110, 104))
TABLES: tuple[Colour, ...] = ((150, 104, 68), (222, 218, 208), (70, 66, 70), (176, 60, 54), (110, 130, 140))
DRINKS: tuple[Colour, ...] = ((150, 40, 60), (226, 170, 60), (190, 206, 210), (60, 40, 30))
DISHES: dict[str, tuple[Colour, Colour, Colour]] = {
    "pizza": ((190, 50, 40), (240, 226, 180), (80, 120, 50)),
    "salad": ((96, 150, 60), (130, 176, 80), (206, 60, 50)),
    "pasta": ((232, 196, 110), (222, 180, 96), (180, 60, 44)),
    "cake": ((110, 66, 44), (240, 226, 214), (200, 50, 70)),
}


def _indoor(page: Pen, rng: random.Random) -> None:
    """A living room: back wall, floor and ceiling in perspective, and what stands in it."""
    wall, floor = near(rng, rng.choice(WALLS)), near(rng, rng.choice(FLOORS))
    page.box(0, 0, 1, 1, wall)
    left, right, base = rng.uniform(0.08, 0.2), rng.uniform(0.8, 0.92), rng.uniform(0.58, 0.68)
    page.shape(((0, 0), (left, 0.1), (left, base), (0, 0.88)), scaled(wall, 0.82))
    page.shape(((1, 0), (right, 0.1), (right, base), (1, 0.88)), scaled(wall, 0.9))
    page.shape(((0, 0), (1, 0), (right, 0.1), (left, 0.1)), (236, 234, 228))
    page.shape(((0, 0.88), (left, base), (right, base), (1, 0.88), (1, 1), (0, 1)), floor)
    for i in range(7):
        u = i / 6
        page.stroke(((left + (right - left) * u, base), (-0.4 + 1.8 * u, 1)), scaled(floor, 0.86), 0.004)
    page.shape(((0.2, 0.82), (0.32, 0.72), (0.72, 0.72), (0.8, 0.82)), near(rng, (150, 90, 80), 0.2))
    _furniture(page, rng, base)


def _furniture(page: Pen, rng: random.Random, base: float) -> None:
    """Window, sofa, lamp and table."""
    u = rng.uniform(0.24, 0.5)
    page.box(u, 0.18, u + 0.26, 0.42, (240, 240, 236))
    page.box(u + 0.015, 0.195, u + 0.245, 0.405, rng.choice(((186, 214, 236), (224, 232, 236), (60, 66, 92))))
    page.box(u + 0.12, 0.18, u + 0.135, 0.42, (240, 240, 236))
    cloth, u, v = near(rng, rng.choice(CLOTHES)), rng.uniform(0.2, 0.4), base - 0.06
    page.box(u, v - 0.08, u + 0.4, v + 0.06, scaled(cloth, 0.85))
    page.box(u - 0.04, v + 0.02, u + 0.44, v + 0.13, cloth)
    for arm in (u - 0.05, u + 0.4):
        page.box(arm, v - 0.03, arm + 0.06, v + 0.13, scaled(cloth, 0.92))
    page.box(u + 0.05, v - 0.05, u + 0.14, v + 0.03, rng.choice(CLOTHES))
    u = rng.choice((0.13, 0.84))
    page.box(u, 0.36, u + 0.012, 0.72, (70, 60, 54))
    page.shape(((u - 0.05, 0.38), (u - 0.02, 0.26), (u + 0.035, 0.26), (u + 0.065, 0.38)), (250, 226, 170))
    page.shape(((0.36, 0.86), (0.4, 0.8), (0.62, 0.8), (0.66, 0.86)), (116, 80, 56))


def _food(page: Pen, rng: random.Random) -> None:
    """A plate from above with something to eat, a fork, a glass."""
    cloth = near(rng, rng.choice(TABLES))
    page.box(0, 0, 1, 1, cloth)
    for i in range(9):
        start, end = (0, i / 8 + rng.uniform(-0.01, 0.01)), (1, i / 8 + rng.uniform(-0.02, 0.02))
        page.stroke((start, end), scaled(cloth, 0.93), 0.006)
    u, v, r = rng.uniform(0.42, 0.58), rng.uniform(0.45, 0.58), rng.uniform(0.28, 0.36)
    plate = page.moved(u, v, r)
    plate.ellipse(0.06, 0.07, 1, 0.86, scaled(cloth, 0.6))
    plate.ellipse(0, 0, 1, 0.86, (240, 238, 232))
    plate.ellipse(0, 0, 0.78, 0.66, (226, 224, 218))
    _dish(plate, rng, rng.choice(tuple(DISHES)))
    fork = rng.choice((-1, 1)) * 1.22
    plate.stroke(((fork, -0.2), (fork, 0.8)), (186, 188, 192), 0.06)
    for prong in (-0.06, 0, 0.06):
        plate.stroke(((fork + prong, -0.2), (fork + prong, -0.55)), (186, 188, 192), 0.03)
    if rng.random() < 0.6:
        glass = rng.choice((0.14, 0.86))
        page.ellipse(glass, 0.14, 0.1, 0.1, (214, 220, 222))
        page.ellipse(glass, 0.14, 0.08, 0.08, rng.choice(DRINKS))


def _dish(plate: Pen, rng: random.Random, dish: str) -> None:
    """What lies on the plate, whose radius is 1."""
    tones = DISHES[dish]
    if dish == "cake":
        plate.shape(((-0.5, -0.1), (0.5, -0.3), (0.5, 0.2), (-0.5, 0.45)), tones[0])
        plate.shape(((-0.5, -0.1), (0.5, -0.3), (0.2, -0.5), (-0.4, -0.3)), tones[1])
        plate.ellipse(0.06, -0.4, 0.1, 0.1, tones[2])
        return
    if dish == "pizza":
        plate.ellipse(0, 0, 0.8, 0.69, (196, 140, 76))
        plate.ellipse(0, 0, 0.72, 0.61, (226, 178, 84))
    for _ in range(46):
        angle, out = rng.uniform(0, 6.28), math.sqrt(rng.random()) * 0.6
        a, b = out * math.cos(angle), out * 0.85 * math.sin(angle)
        colour = near(rng, rng.choice(tones), 0.12)
        if dish == "pasta":
            plate.stroke(((a - 0.16, b), (a, b + rng.uniform(-0.12, 0.12)), (a + 0.16, b)), colour, 0.045)
        else:
            plate.ellipse(a, b, rng.uniform(0.05, 0.13), rng.uniform(0.04, 0.11), colour)


def _screenshot(page: Pen, rng: random.Random) -> None:
    """A page of text with a bar on top, a picture and buttons."""
    dark = rng.random() < 0.35
    paper: Colour = (34, 36, 44) if dark else (246, 246, 248)
    ink: Colour = (196, 200, 208) if dark else (70, 74, 82)
    bar = rng.choice(PAINTS[3:9])
    page.box(0, 0, 1, 1, paper)
    page.box(0, 0, 1, 0.09, bar)
    for i in range(3):
        page.ellipse(0.05 + i * 0.045, 0.045, 0.014, 0.014, (250, 250, 250))
    page.box(0.25, 0.025, 0.85, 0.065, blend(bar, (255, 255, 255), 0.7))
    v, picture = 0.14, rng.uniform(0.2, 0.6)
    while v < 0.95:
        if abs(v - picture) < 0.03:
            page.box(0.06, v, 0.5, v + 0.22, near(rng, rng.choice(CLOTHES), 0.2))
            for k in range(5):
                page.box(0.56, v + k * 0.045, 0.56 + rng.uniform(0.2, 0.38), v + k * 0.045 + 0.016, ink)
            v += 0.27
            picture = -1.0
            continue
        page.box(0.06, v, rng.uniform(0.6, 0.94), v + 0.018, ink)
        v += 0.043
    page.box(0.62, 0.9, 0.92, 0.965, bar)


_PAINTERS: dict[str, Callable[[Pen, random.Random], None]] = {
    "indoor": _indoor,
    "portrait": portrait,
    "food": _food,
    "pet": pet,
    "screenshot": _screenshot,
}
DISTRACTORS: tuple[str, ...] = tuple(_PAINTERS)
"""Kinds of photos that show no place."""


def distractor(rng: random.Random, size: int) -> tuple[Shot, str]:
    """A canvas with one of the kinds on it, and the kind."""
    shot = Shot(rng, LAMP, size, eye=1.0, horizon=0.5, focal=1.0)
    kind = rng.choice(DISTRACTORS)
    _PAINTERS[kind](Pen(shot), rng)
    return shot, kind
