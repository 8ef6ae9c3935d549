"""Which encoders are measured where."""

import pytest

from graft_core.errors import ModelError
from graft_core.evaluate.contenders import choose_contenders
from graft_core.types import SensorName

BOTH: tuple[SensorName, ...] = ("naip", "sentinel2")


def test_the_demo_encoders_are_measured_unless_another_is_named() -> None:
    found = choose_contenders([], [], BOTH)
    assert [each.encoder.spec.name for each in found] == ["graft-demo-naip", "graft-demo-sentinel2"]
    assert [each.image_tokens.spec.level for each in found] == ["patch", "patch"]
    assert [each.teacher.spec.gsd for each in found] == [1, 10]


def test_only_the_sensor_of_a_named_encoder_is_measured() -> None:
    (found,) = choose_contenders(["graft-demo-sentinel2"], [], BOTH)
    assert found.sensor == "sentinel2"
    assert found.names(False) == {"encoder": "graft-demo-sentinel2"}


def test_an_encoder_of_no_sensor_is_measured_on_all_at_their_resolution() -> None:
    found = choose_contenders(["demo-teacher"], [], BOTH)
    assert [(each.sensor, each.encoder.spec.gsd) for each in found] == [("naip", 1), ("sentinel2", 10)]


def test_a_stated_sensor_takes_the_encoder_of_another_one_to_its_resolution() -> None:
    (found,) = choose_contenders(["graft-demo-naip"], ["sentinel2"], BOTH)
    assert (found.encoder.spec.name, found.encoder.spec.gsd) == ("graft-demo-naip", 10)
    (found,) = choose_contenders(["graft-demo-naip", "graft-demo-sentinel2"], ["sentinel2"], BOTH)
    assert found.encoder.spec.name == "graft-demo-sentinel2"


def test_two_encoders_of_one_level_and_sensor_are_refused() -> None:
    with pytest.raises(ModelError, match="both of tile level and for naip"):
        choose_contenders(["graft-demo-naip", "demo-teacher"], [], BOTH)


def test_an_unknown_encoder_is_refused() -> None:
    with pytest.raises(ModelError, match="no-such"):
        choose_contenders(["no-such"], [], BOTH)
