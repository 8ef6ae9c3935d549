import json
import re

import pytest
from ask_entry import lakes

from graft_core.ui.ask.layers import (
    COLORS,
    bounds_of_features,
    features_of,
    is_dashed,
    layer_color,
    layers_by_step,
    shown_at_first,
)
from graft_core.ui.ask.overlay import evidence_overlay
from graft_core.ui.maps import base_map
from graft_core.ui.offline_maps import use_vendored_assets


def test_layer_belongs_to_the_step_that_stood_on_it_first() -> None:
    assert layers_by_step(lakes()) == {1: [1], 3: [2]}, "count(lakes) draws nothing of its own"


def test_step_that_found_nothing_has_no_layer() -> None:
    assert layers_by_step(lakes(scene_only=True)) == {3: [2]}


def test_whole_scene_is_drawn_only_where_nothing_else_is() -> None:
    assert shown_at_first(lakes()) == {1}
    assert shown_at_first(lakes(scene_only=True)) == {2}


def test_layers_are_told_apart_by_colour_and_then_by_their_lines() -> None:
    looks = {(layer_color(layer), is_dashed(layer)) for layer in range(1, 2 * len(COLORS) + 1)}
    assert len(looks) == 2 * len(COLORS)


def test_place_of_a_layer_is_that_of_all_its_things() -> None:
    assert bounds_of_features(features_of(lakes(), 1)) == pytest.approx((8.0, 50.0, 8.03, 50.01))


def test_only_the_layers_that_are_switched_on_are_drawn_latitude_first() -> None:
    use_vendored_assets("")
    built = base_map(None, [])
    built.add_child(evidence_overlay(lakes(), {1}, filled=True))
    script = str(built.get_root().render())
    rings = [json.loads(each) for each in re.findall(r'"rings": (\[\[\[\[.*?\]\]\]\])', script)]
    assert len(rings) == 2
    assert rings[0][0][0][0] == [50.0, 8.0]
    assert "1,234 m" in script
    assert "match 80%" in script
    assert layer_color(2) not in script
