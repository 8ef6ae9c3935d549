import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from indexed_scenes import SPEC, record

from graft_core.errors import IndexStoreError
from graft_core.index.records import SceneRecord, select_scenes, spec_from_json, spec_to_json

VIRGINIA = record("virginia", bounds_wgs84=(-78.0, 37.0, -77.9, 37.1), acquired=date(2023, 5, 1))
EUREKA = record("eureka", bounds_wgs84=(-124.2, 40.7, -124.1, 40.8), acquired=date(2024, 7, 15))
FIJI = record("fiji", bounds_wgs84=(179.5, -18.0, -179.5, -17.0), acquired=None)
SCENES = (VIRGINIA, EUREKA, FIJI)


@given(name=st.text(), acquired=st.none() | st.dates(), bounds=st.tuples(*[st.floats(-180, 180)] * 4))
def test_a_record_survives_its_way_through_json(name, acquired, bounds):
    made = record(name, acquired=acquired, bounds_wgs84=bounds)
    assert SceneRecord.from_json(made.to_json(), tiles=4, size=99) == replace(made, tiles=4, bytes=99)


def test_identity_follows_pixels_and_grid_and_nothing_else():
    same = replace(VIRGINIA, name="x", source="/moved.tif", acquired=None, tiles=9, bytes=9)
    assert same.identity == VIRGINIA.identity
    for change in ({"fingerprint": "f2"}, {"grid_json": "{}"}, {"crs": "EPSG:32618"}, {"sensor": "rgb"}):
        assert replace(VIRGINIA, **change).identity != VIRGINIA.identity


def test_a_spec_survives_its_way_through_json_with_its_key():
    assert spec_from_json(spec_to_json(SPEC)) == SPEC
    assert spec_from_json(spec_to_json(SPEC)).key == SPEC.key


@pytest.mark.parametrize("fields", [{}, {**json.loads(spec_to_json(SPEC)), "new": 1}])
def test_a_spec_with_other_fields_is_refused(fields):
    with pytest.raises(ValueError, match="does not have the fields"):
        spec_from_json(json.dumps(fields))


def test_without_a_filter_every_scene_is_selected():
    assert select_scenes(SCENES) == SCENES


def test_scenes_are_selected_by_name_and_an_unknown_name_is_named():
    assert select_scenes(SCENES, names=["fiji", "virginia"]) == (VIRGINIA, FIJI)
    with pytest.raises(IndexStoreError, match=r"'oslo' is not indexed \(indexed: eureka, fiji, virginia\)"):
        select_scenes(SCENES, names=["fiji", "oslo"])


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ((-77.95, 37.05, -77.0, 38.0), [VIRGINIA]),
        ((-77.9, 37.0, -77.0, 38.0), []),  # a shared edge is no shared area
        ((-180, -90, 180, 90), [VIRGINIA, EUREKA, FIJI]),
        ((179.8, -17.5, 180.0, -17.2), [FIJI]),
        ((-180.0, -17.5, -179.8, -17.2), [FIJI]),
        ((179.0, -17.5, -179.9, -17.2), [FIJI]),
        ((0.0, -17.5, 10.0, -17.2), []),
    ],
)
def test_scenes_are_selected_by_bounds_also_across_the_antimeridian(bounds, expected):
    assert list(select_scenes(SCENES, bounds=bounds)) == expected


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (date(2023, 5, 1), date(2023, 5, 1), [VIRGINIA]),
        (date(2023, 5, 2), None, [EUREKA]),
        (None, date(2024, 7, 15), [VIRGINIA, EUREKA]),
        (date(2025, 1, 1), None, []),
    ],
)
def test_dates_are_inclusive_and_leave_out_scenes_without_one(since, until, expected):
    assert list(select_scenes(SCENES, since=since, until=until)) == expected


def test_filters_add_up():
    assert select_scenes(SCENES, names=["virginia", "fiji"], since=date(2020, 1, 1)) == (VIRGINIA,)
