"""Which listed photos are worth downloading, and what is said of the others."""

import math
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import shapely

from graft_core.io.harvest.choose import choose
from graft_core.io.harvest.found import FoundPhoto, found_photo

AREA = shapely.Polygon([(2, 48), (3, 48), (2, 49)])
MOMENT = datetime(2021, 6, 5, 14, 3, 7)
PHOTO = FoundPhoto(
    id="1",
    lon=2.2,
    lat=48.2,
    position="of the camera",
    taken=MOMENT,
    zone="local",
    author="Ada",
    licence="CC0 1.0",
    licence_url="",
    page="https://example.org/1",
    address="https://example.org/1.jpg",
)
METRE = 1 / 111_320


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"licence": ""}, "no licence"),
        ({"problem": "360° panorama"}, "360° panorama"),
        ({"lon": math.nan}, "no position"),
        ({"lat": 90.5}, "position out of range"),
        ({"lon": 0.0, "lat": 0.0}, "position 0, 0"),
        ({"lon": 2.9, "lat": 48.9}, "outside the area"),
    ],
)
def test_a_photo_of_no_use_is_counted_under_its_reason(facts: dict[str, object], reason: str) -> None:
    chosen = choose([PHOTO, replace(PHOTO, id="2", author="Bob", **facts)], AREA, None)  # type: ignore[arg-type]
    assert chosen.photos == (PHOTO,)
    assert chosen.left_out == Counter({reason: 1})


@pytest.mark.parametrize(
    ("facts", "same"),
    [
        ({}, True),
        ({"lat": 48.2 + 0.8 * METRE, "taken": MOMENT + timedelta(seconds=1)}, True),
        ({"lon": 2.2 + 1.2 * METRE}, True),
        ({"lat": 48.2 + 1.2 * METRE}, False),
        ({"taken": MOMENT + timedelta(seconds=2)}, False),
        ({"author": "Bob"}, False),
        ({"author": ""}, False),
        ({"taken": None}, False),
    ],
    ids=["all", "nearly", "degrees are short", "metres", "seconds", "author", "nobody", "no time"],
)
def test_one_picture_twice_is_the_same_author_at_the_same_place_in_the_same_second(
    facts: dict[str, object], same: bool
) -> None:
    chosen = choose([replace(PHOTO, id="2", **facts), PHOTO], AREA, None)  # type: ignore[arg-type]
    assert [photo.id for photo in chosen.photos] == (["1"] if same else ["1", "2"])
    assert chosen.left_out == Counter({"same author, place and second as another": 1} if same else {})


def test_a_day_without_an_hour_does_not_make_photos_the_same() -> None:
    day = datetime(2021, 6, 5)
    chosen = choose([replace(PHOTO, taken=day), replace(PHOTO, id="2", taken=day)], AREA, None)
    assert len(chosen.photos) == 2


def test_a_walk_of_a_photo_a_second_is_kept() -> None:
    steps = [
        replace(PHOTO, id=f"{i}", lat=48.2 + i * 1.3 * METRE, taken=MOMENT + timedelta(seconds=i)) for i in range(20)
    ]
    assert len(choose(steps, AREA, None).photos) == 20


def test_a_burst_from_a_tripod_leaves_one_photo_every_two_seconds() -> None:
    burst = [replace(PHOTO, id=f"{i:02d}", taken=MOMENT + timedelta(seconds=i / 4)) for i in range(24)]
    chosen = choose(burst, AREA, None)
    assert [photo.taken for photo in chosen.photos] == [
        MOMENT + timedelta(seconds=each) for each in (0, 1.25, 2.5, 3.75, 5)
    ]


def test_thousands_of_photos_that_bear_one_second_are_compared_with_their_neighbours_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[object] = []
    measure = math.dist
    monkeypatch.setattr(math, "dist", lambda one, other: compared.append(one) or measure(one, other))
    scans = [replace(PHOTO, id=f"{i}", lat=48.1 + 3 * i * METRE) for i in range(5000)]
    assert len(choose([*scans, replace(scans[77], id="again")], AREA, None).photos) == 5000
    assert len(compared) < 10


def test_a_limit_does_not_depend_on_the_order_of_the_listing() -> None:
    photos = [replace(PHOTO, id=f"{i}", author=f"{i}") for i in range(50)]
    chosen = choose(photos, AREA, 7)
    assert chosen == choose(photos[::-1], AREA, 7)
    assert len(chosen.photos) == 7
    assert {photo.id for photo in chosen.photos} != {f"{i}" for i in range(7)}
    assert chosen.left_out == Counter({"beyond the number asked for": 43})


def test_nothing_is_chosen_from_nothing() -> None:
    assert choose([], AREA, None).photos == ()


def test_a_photo_comes_back_from_its_line() -> None:
    assert found_photo(replace(PHOTO, accuracy_m=3.0, heading=1.0).to_json()) == replace(
        PHOTO, accuracy_m=3.0, heading=1.0
    )
    assert math.isnan(found_photo(replace(PHOTO, taken=None).to_json()).accuracy_m)
