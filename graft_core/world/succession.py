"""What becomes of land in some years: the truth behind a change from one date to the other."""

from graft_core.world.noise import rng
from graft_core.world.plan import ID

TURNED = 0.35
"""Share of the cells of a class of ``SUCCESSORS`` that become something else."""

SUCCESSORS: dict[int, tuple[int, ...]] = {
    ID[before]: tuple(ID[after] for after in afters)
    for before, afters in {
        "forest": ("crop field", "quarry", "residential area"),
        "crop field": ("solar farm", "residential area", "industrial area", "greenhouse"),
        "meadow": ("forest", "residential area", "solar farm"),
        "orchard": ("crop field", "residential area"),
        "wetland": ("crop field", "lake"),
        "desert": ("solar farm", "industrial area"),
        "golf course": ("residential area", "forest"),
        "quarry": ("lake", "forest"),
        "parking lot": ("downtown",),
    }.items()
}
"""Class id -> what it may become; other land stays what it is."""


def some_years_on(seed: int, pitch: float, i: int, j: int, class_id: int) -> int:
    """Class id of a cell at the later date, from that of the first.

    Args:
        seed: of the place.
        pitch: mean side of the cells it is one of, metres.
        i: the cell's column.
        j: the cell's row.
        class_id: what stood there.
    """
    possible = SUCCESSORS.get(class_id, ())
    dice = rng(seed, "some years on", int(pitch), i, j)
    if not possible or dice.random() >= TURNED:
        return class_id
    return possible[int(dice.integers(len(possible)))]
