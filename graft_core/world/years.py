"""A second date: the same place some years later, named by a seed of its own.

Everything in a world is a function of its seed and a position. The seed ``later(7)`` names world 7 once more: what does
not change with the years is drawn from 7, what does (some land use, season, light, sensor noise) from the later seed.
"""

_YEARS = 1 << 128
"""Added to a seed; no seed that a person types is as large."""


def later(seed: int) -> int:
    """The seed of the same place some years later; ValueError for a seed that is none of a place from 0 to 2^128."""
    if not 0 <= seed < _YEARS:
        raise ValueError(f"seed {seed} has no second date; seeds from 0 to 2^128 do")
    return seed + _YEARS


def is_later(seed: int) -> bool:
    """Whether a seed means the second date of a place."""
    return _YEARS <= seed < 2 * _YEARS


def place_of(seed: int) -> int:
    """The seed of the place at its first date: itself, where it is that."""
    return seed - _YEARS if is_later(seed) else seed
