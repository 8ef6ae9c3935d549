"""Pixels are where the fit promises them to be."""

from dataclasses import replace

import numpy as np
import pytest

from graft_core.evaluate.sets.fit import choose_fit, fit_image
from graft_core.models.catalogue import known_models
from graft_core.models.registry import load_encoder


def image(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 256, (height, width, 3), dtype=np.uint8)


def test_padded_image_keeps_its_pixels_in_the_middle_of_black() -> None:
    small = image(4, 5)
    padded = fit_image(small, 10, "pad")
    assert np.array_equal(padded[3:7, 2:7], small)
    assert np.count_nonzero(padded.any(axis=2)) == 20


def test_reflected_image_mirrors_its_edges_as_often_as_needed() -> None:
    small = image(3, 3)
    mirrored = fit_image(small, 11, "reflect")
    assert np.array_equal(mirrored[4:7, 4:7], small)
    assert np.array_equal(mirrored[4:7, 3], small[:, 1])
    assert np.array_equal(mirrored[4:7, 0], small[:, 0]), "four pixels to the left: there and back again"


@pytest.mark.parametrize("fit", ["pad", "reflect"])
def test_larger_image_is_made_to_fit_in_its_own_shape(fit: str) -> None:
    wide = np.zeros((20, 40, 3), np.uint8)
    wide[:, 20:] = 200
    fitted = fit_image(wide, 10, fit)  # type: ignore[arg-type]
    assert fitted.shape == (10, 10, 3)
    assert fitted[4, 1].tolist() == [0, 0, 0]
    assert fitted[4, 8].tolist() == [200, 200, 200]
    assert fitted[0, 8].any() == (fit == "reflect")


def test_resized_image_fills_the_input() -> None:
    assert np.array_equal(fit_image(image(8, 8), 8, "resize"), image(8, 8))
    flat = fit_image(np.full((3, 7, 3), 90, np.uint8), 16, "resize")
    assert flat.shape == (16, 16, 3)
    assert (flat == 90).all()


def test_encoders_of_a_sensor_see_pixels_at_their_size() -> None:
    assert choose_fit(None, load_encoder("graft-demo-sentinel2").spec) == "pad"
    assert choose_fit(None, load_encoder("demo-teacher").spec) == "resize"
    assert choose_fit("reflect", load_encoder("demo-teacher").spec) == "reflect"


def test_an_encoder_of_enlarged_pixels_sees_them_enlarged() -> None:
    senclip = next(entry for entry in known_models() if entry.name == "senclip-vit-b-32")
    assert senclip.gsd is not None
    spec = replace(load_encoder("graft-demo-sentinel2").spec, gsd=senclip.gsd)
    assert choose_fit(None, spec) == "resize"
    assert choose_fit("pad", spec) == "pad"
