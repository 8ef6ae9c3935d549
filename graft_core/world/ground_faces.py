"""Photos of somebody or of a pet: two kinds of distractors."""

import math
import random

from graft_core.world.ground_palette import CLOTHES, SKINS, WALLS, near
from graft_core.world.ground_pen import Pen
from graft_core.world.ground_shot import Colour, blend, scaled

HAIRS: tuple[Colour, ...] = ((40, 30, 26), (98, 66, 42), (196, 160, 104), (26, 24, 24), (150, 146, 144))
FURS: tuple[Colour, ...] = ((206, 134, 70), (60, 56, 56), (226, 222, 214), (140, 100, 70), (150, 148, 146))


def portrait(page: Pen, rng: random.Random) -> None:
    """Head and shoulders before a blurred background."""
    back = near(rng, rng.choice((*WALLS, (70, 84, 110), (90, 110, 90))), 0.2)
    page.box(0, 0, 1, 1, back)
    for _ in range(8):
        page.ellipse(rng.random(), rng.random(), 0.16, 0.16, blend(back, rng.choice(WALLS), 0.25))
    skin, hair = near(rng, rng.choice(SKINS), 0.06), rng.choice(HAIRS)
    pen = page.moved(rng.uniform(0.42, 0.58), rng.uniform(0.4, 0.48), rng.uniform(0.16, 0.21))
    if rng.random() < 0.5:
        pen.ellipse(0, 0.5, 1.15, 1.7, scaled(hair, 0.85))
    shoulders = ((-2.3, 3.6), (-1.8, 1.9), (-0.5, 1.4), (0.5, 1.4), (1.8, 1.9), (2.3, 3.6))
    pen.shape(shoulders, near(rng, rng.choice(CLOTHES)))
    pen.box(-0.38, 0.8, 0.38, 1.6, scaled(skin, 0.82))
    pen.ellipse(0, -0.3, 0.98, 1.12, hair)
    pen.ellipse(0, 0.1, 0.84, 1.12, skin)
    pen.ellipse(-0.25, 0.15, 0.5, 0.8, scaled(skin, 1.05))
    pen.shape(((-0.86, -0.2), (-0.5, -1.15), (0.7, -1.15), (0.86, -0.2), (0.3, -0.62)), hair)
    for side in (-1, 1):
        pen.ellipse(side * 0.34, 0.02, 0.15, 0.09, (244, 242, 238))
        pen.ellipse(side * 0.34, 0.02, 0.075, 0.085, (52, 40, 34))
        pen.stroke(((side * 0.17, -0.2), (side * 0.52, -0.18)), hair, 0.07)
    pen.stroke(((0, 0.08), (0.08, 0.42), (-0.04, 0.45)), scaled(skin, 0.75), 0.05)
    smile = [(0.36 * math.cos(a), 0.58 + 0.16 * math.sin(a)) for a in (0.2, 0.9, 1.57, 2.2, 2.9)]
    pen.stroke(smile, (170, 70, 70), 0.08)


def pet(page: Pen, rng: random.Random) -> None:
    """A cat or a dog that looks at the camera, on a rug or sofa."""
    back = near(rng, rng.choice((*WALLS, (130, 84, 70), (86, 100, 120))), 0.15)
    page.box(0, 0, 1, 1, back)
    page.box(0, rng.uniform(0.6, 0.75), 1, 1, scaled(near(rng, back), 0.72))
    fur, cat = near(rng, rng.choice(FURS)), rng.random() < 0.5
    pen = page.moved(rng.uniform(0.4, 0.6), rng.uniform(0.38, 0.46), rng.uniform(0.15, 0.2))
    pen.ellipse(0, 2.3, 1.35, 1.9, scaled(fur, 0.9))
    for side in (-1, 1):
        pen.ellipse(side * 0.6, 3.7, 0.42, 0.5, fur)
        if cat:
            pen.shape(((side * 0.95, -0.2), (side * 0.85, -1.5), (side * 0.15, -0.75)), fur)
            pen.shape(((side * 0.8, -0.45), (side * 0.76, -1.15), (side * 0.35, -0.7)), (214, 150, 140))
        else:
            pen.ellipse(side * 1.05, 0.15, 0.34, 0.85, scaled(fur, 0.68))
    pen.ellipse(0, 0, 1.05, 0.88 if cat else 1.0, fur)
    pale = blend(fur, (244, 240, 232), 0.6)
    pen.ellipse(0, 0.42, 0.42 if cat else 0.52, 0.34 if cat else 0.5, pale)
    for side in (-1, 1):
        pen.ellipse(side * 0.42, -0.08, 0.2, 0.2, (150, 176, 80) if cat else (70, 46, 32))
        pen.ellipse(side * 0.42, -0.08, 0.07 if cat else 0.13, 0.17, (18, 16, 16))
        pen.ellipse(side * 0.42 - 0.05, -0.14, 0.05, 0.05, (250, 250, 250))
        for droop in (0.3, 0.45, 0.6) if cat else ():
            pen.stroke(((side * 0.3, 0.4), (side * 1.25, droop)), (236, 236, 230), 0.025)
    pen.ellipse(0, 0.26, 0.13, 0.1, (206, 120, 120) if cat else (34, 28, 28))
    pen.stroke(((0, 0.36), (0, 0.55)), scaled(fur, 0.4), 0.05)
