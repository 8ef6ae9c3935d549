"""Pixels reach a tower as CLIP's own preprocessing would bring them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from graft_core.errors import ModelError
from graft_core.models.clip import CLIP_MEAN, CLIP_STD
from graft_core.models.preprocess import Normalize, fit_photo, to_unit_range
from graft_core.models.sources import ResizeMode


@settings(max_examples=25, deadline=None)
@given(width=st.integers(1, 400), height=st.integers(1, 400), mode=st.sampled_from(["shortest", "squash"]))
def test_photos_of_every_shape_come_out_as_open_clip_makes_them(width: int, height: int, mode: ResizeMode) -> None:
    photo = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    transform = image_transform_v2(PreprocessCfg(size=64, resize_mode=mode), is_train=False)
    fitted = fit_photo(photo, 64, mode)
    assert fitted.shape == (64, 64, 3)
    ours = Normalize(CLIP_MEAN, CLIP_STD)(to_unit_range(fitted[None], torch.device("cpu")))
    torch.testing.assert_close(ours[0], transform(Image.fromarray(photo)), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    "photo",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)],
)
def test_what_is_no_rgb_photo_is_refused_with_its_shape(photo: np.ndarray) -> None:
    with pytest.raises(ModelError, match=rf"this one \({photo.shape[0]}, 4"):
        fit_photo(photo, 64)  # type: ignore[arg-type]


def test_tiles_cut_from_a_larger_array_need_no_copy_by_the_caller() -> None:
    scene = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    window = scene[5:21, 7:23][None]
    expected = torch.from_numpy(window.copy()).permute(0, 3, 1, 2).float() / 255
    assert torch.equal(to_unit_range(window, torch.device("cpu")), expected)
