"""Which function draws which class."""

from collections.abc import Callable

from graft_core.world import draw_farm, draw_leisure, draw_nature, draw_town, draw_water, draw_way
from graft_core.world.plan import ID
from graft_core.world.sheet import Sheet

DRAW: dict[int, Callable[[Sheet], None]] = {
    ID["forest"]: draw_nature.forest,
    ID["lake"]: draw_water.lake,
    ID["river"]: draw_water.river,
    ID["crop field"]: draw_farm.crop_field,
    ID["orchard"]: draw_farm.orchard,
    ID["meadow"]: draw_nature.meadow,
    ID["residential area"]: draw_town.residential,
    ID["downtown"]: draw_town.downtown,
    ID["industrial area"]: draw_town.industrial,
    ID["highway"]: draw_way.highway,
    ID["parking lot"]: draw_town.parking_lot,
    ID["airport"]: draw_way.airport,
    ID["solar farm"]: draw_farm.solar_farm,
    ID["beach"]: draw_nature.beach,
    ID["desert"]: draw_nature.desert,
    ID["wetland"]: draw_nature.wetland,
    ID["baseball field"]: draw_leisure.baseball,
    ID["golf course"]: draw_leisure.golf,
    ID["quarry"]: draw_leisure.quarry,
    ID["cemetery"]: draw_town.cemetery,
    ID["greenhouse"]: draw_farm.greenhouse,
    ID["harbour"]: draw_water.harbour,
}
"""Paints the samples of one patch, by class id."""
