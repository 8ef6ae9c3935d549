"""Things by where they lie: at least one of the others is enough, and nothing stands in a relation to itself."""

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from paper_eyes import square

from graft_core.ask import relations
from graft_core.ask.measures import exists
from graft_core.ask.values import Number, Region, Thing, Truth, Unknown
from graft_core.errors import QuestionError

SPOTS = st.lists(
    st.tuples(st.floats(0, 1000), st.floats(0, 1000), st.floats(1, 200)).map(lambda each: square(*each)), max_size=8
)


def region(*shapes: object, what: str = "house", match: float = 1.0, best: float | None = None) -> Region:
    things = tuple(Thing(shape, match) for shape in shapes)
    return Region(things, what, best if best is not None else match if things else 0.1)


def shapes(found: Region) -> list[object]:
    return [thing.shape for thing in found.things]


def test_near_is_measured_from_outline_to_outline_and_counts_the_distance_itself() -> None:
    house, lake = region(square(0, 0, 10)), region(square(110, 0, 20), what="lake")
    assert shapes(relations.near(house, lake, Number(95.0))) == shapes(house)
    assert shapes(relations.near(house, lake, Number(94.9))) == []


def test_things_that_touch_are_near_at_no_distance() -> None:
    house, lake = region(square(0, 0, 10)), region(square(10, 0, 10), what="lake")
    assert len(relations.near(house, lake, Number(0.0)).things) == 1


def test_no_thing_is_near_itself() -> None:
    alone, pair = region(square(0, 0)), region(square(0, 0), square(50, 0), square(900, 900))
    assert relations.near(alone, alone, Number(1000.0)).things == ()
    assert relations.near(pair, pair, Number(100.0)).things == pair.things[:2]


def test_thing_is_near_what_lies_around_it() -> None:
    village = region(square(0, 0, 500), what="village")
    assert len(relations.near(region(square(0, 0)), village, Number(1.0)).things) == 1


@given(SPOTS, SPOTS, st.floats(0, 500))
def test_near_finds_what_comparing_every_pair_finds(a: list[object], b: list[object], metres: float) -> None:
    found = relations.near(region(*a), region(*b, what="lake"), Number(metres))
    distances = [[shapely.distance(x, y) for y in b if not shapely.equals(x, y)] for x in a]
    clear = all(abs(each - metres) > 1e-3 for row in distances for each in row)
    if clear:
        assert shapes(found) == [x for x, row in zip(a, distances, strict=True) if any(each < metres for each in row)]


@given(SPOTS, SPOTS, st.floats(0, 400), st.floats(0, 400))
def test_further_reach_never_loses_a_thing(a: list[object], b: list[object], less: float, extra: float) -> None:
    houses, lakes = region(*a), region(*b, what="lake")
    closer = relations.near(houses, lakes, Number(less)).things
    assert set(closer) <= set(relations.near(houses, lakes, Number(less + extra)).things)


def test_thing_with_half_of_its_area_inside_lies_within() -> None:
    park = region(shapely.box(0, 0, 100, 100), what="park")
    half, less = square(0, 50, 20), square(-3, 50, 20)
    assert shapes(relations.within(region(half, less), park)) == [half]
    assert shapes(relations.outside(region(half, less), park)) == [less]


def test_two_parks_together_hold_what_lies_across_their_border() -> None:
    parks = region(shapely.box(0, 0, 50, 100), shapely.box(50, 0, 100, 100), what="park")
    assert len(relations.within(region(square(50, 50, 20)), parks).things) == 1


@given(SPOTS, SPOTS)
def test_every_thing_lies_either_within_or_outside(a: list[object], b: list[object]) -> None:
    houses, parks = region(*a), region(*b, what="park")
    inside, outside = relations.within(houses, parks).things, relations.outside(houses, parks).things
    assert sorted(map(id, (*inside, *outside))) == sorted(map(id, houses.things))


@given(SPOTS, st.floats(0, 40_000))
def test_every_thing_is_larger_or_smaller_than_any_area_but_its_own(a: list[object], m2: float) -> None:
    houses = region(*a)
    larger, smaller = relations.larger_than(houses, Number(m2)), relations.smaller_than(houses, Number(m2, "m2"))
    assert all(thing.shape.area > m2 for thing in larger.things)
    assert all(thing.shape.area < m2 for thing in smaller.things)
    equal = [thing for thing in houses.things if thing.shape.area == m2]
    assert len(larger.things) + len(smaller.things) + len(equal) == len(houses.things)


@pytest.mark.parametrize(
    ("relation", "kept"),
    [
        (relations.north_of, (0, 100)),
        (relations.south_of, (0, -100)),
        (relations.east_of, (100, 0)),
        (relations.west_of, (-100, 0)),
    ],
)
def test_directions_go_by_centres(relation: object, kept: tuple[float, float]) -> None:
    around = [square(0, 100), square(0, -100), square(100, 0), square(-100, 0), square(0, 0)]
    found = relation(region(*around), region(square(0, 0, 400), what="lake"))  # type: ignore[operator]
    assert [(each.centroid.x, each.centroid.y) for each in shapes(found)] == [kept]


def test_one_lake_further_south_is_enough_to_lie_north_of_a_lake() -> None:
    lakes = region(square(0, 500), square(0, 0), what="lake")
    assert len(relations.north_of(region(square(300, 100)), lakes).things) == 1
    assert len(relations.north_of(lakes, lakes).things) == 1  # the northern one, of the southern


def test_largest_and_smallest_are_one_thing_each() -> None:
    lakes = region(square(0, 0, 10), square(0, 0, 30), square(0, 0, 20), what="lake")
    assert relations.largest(lakes).things == lakes.things[1:2]
    assert relations.smallest(lakes).things == lakes.things[:1]
    assert relations.largest(region(what="lake")).things == ()


def test_direction_is_as_sure_as_the_surest_that_lies_behind() -> None:
    lakes = Region((Thing(square(0, 50), 0.9), Thing(square(0, 0), 0.6), Thing(square(0, 500), 1.0)), "lake")
    assert exists(relations.north_of(region(square(0, 100)), lakes)) == Truth(True, pytest.approx(0.9))


def test_relation_is_as_sure_as_what_it_relates_to() -> None:
    lakes = region(square(50, 0), what="lake", match=0.6)
    found = exists(relations.near(region(square(0, 0), match=0.9), lakes, Number(100.0)))
    assert found == Truth(True, pytest.approx(0.54))


@pytest.mark.parametrize(
    "relation",
    [relations.within, relations.outside, relations.north_of, lambda a, b: relations.near(a, b, Number(5.0))],
)
def test_relation_with_nothing_left_is_a_no_of_middling_sureness(relation: object) -> None:
    houses = region(square(0, 0))
    lakes = region(square(0, 0, 50) if relation is relations.outside else square(500, 500), what="lake")
    assert exists(relation(houses, lakes)) == Truth(False, pytest.approx(0.8))  # type: ignore[operator]


def test_relation_to_what_was_not_found_is_as_unsure_as_that_is() -> None:
    houses = region(square(0, 0))
    assert exists(relations.near(houses, region(what="lake", best=0.3), Number(9.0))) == Truth(
        False, pytest.approx(0.7)
    )
    assert isinstance(exists(relations.near(houses, region(what="lake", best=0.9), Number(9.0))), Unknown)
    assert isinstance(exists(relations.near(houses, region(what="lake", best=float("nan")), Number(9.0))), Unknown)


def test_what_was_chosen_is_named_by_its_relation() -> None:
    found = relations.near(region(square(0, 0)), region(square(0, 0, 40), what="orchard"), Number(250.0))
    assert relations.larger_than(found, Number(5000.0)).what == "house within 250 m of an orchard larger than 5,000 m²"


@pytest.mark.parametrize("amount", [Number(-1.0), Number(5.0, "share"), Number(5.0, "per km2")])
def test_impossible_size_or_distance_is_refused(amount: Number) -> None:
    houses = region(square(0, 0))
    for call in (
        lambda: relations.near(houses, houses, amount),
        lambda: relations.larger_than(houses, amount),
        lambda: relations.smaller_than(houses, amount),
    ):
        with pytest.raises(QuestionError, match="write"):
            call()
