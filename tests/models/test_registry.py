"""The registry: what there is, what is here, and encoders that load when they are first used."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from graft_core import settings
from graft_core.errors import ModelError
from graft_core.models.card import Card
from graft_core.models.catalogue import DEMO_NAMES
from graft_core.models.registry import default_encoder_name, find_model, list_models, load_encoder
from graft_core.types import Encoder, SensorName

NAMES = {
    "demo-teacher",
    "graft-demo-naip",
    "graft-demo-sentinel2",
    "graft-naip",
    "graft-naip-patch",
    "graft-sentinel2",
    "graft-sentinel2-patch",
    "clip-vit-b-16",
    "clip-vit-b-32",
    "clip-vit-l-14",
    "laion-clip-vit-b-16",
    "laion-clip-vit-b-32",
    "laion-clip-vit-l-14",
    "remoteclip-rn50",
    "remoteclip-vit-b-32",
    "remoteclip-vit-l-14",
    "georsclip-vit-b-32",
    "georsclip-vit-l-14",
    "georsclip-vit-h-14",
    "skyclip-vit-b-32",
    "skyclip-vit-l-14",
    "senclip-vit-b-32",
    "git-rsclip-base",
    "git-rsclip-large",
    "mobile-sam",
    "sam-vit-b",
    "sam-vit-l",
    "sam-vit-h",
    "sample-sentinel2",
}
Saver = Callable[..., Card]


@pytest.fixture
def trained(save_trained: Saver) -> Path:
    """A weights folder with a teacher, an image-level and a pixel-level student."""
    folder = settings.weights_dir()
    save_trained(folder, "teacher", sensor="rgb")
    save_trained(folder, "student")
    save_trained(folder, "student-patch", level="patch", sensor="sentinel2")
    return folder


def tiles(count: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (count, 128, 128, 3), dtype=np.uint8)


def test_neither_the_registry_nor_an_encoder_loads_torch_before_it_is_used(trained: Path) -> None:
    script = (
        "import sys, numpy as np\n"
        "from graft_core.models.registry import list_models, load_encoder\n"
        "encoder = load_encoder('student', device='cpu')\n"
        "assert encoder.encode_texts([]).shape == (0, 128)\n"
        "assert [entry for entry in list_models() if entry.present]\n"
        "loaded = {'torch', 'open_clip', 'safetensors', 'streamlit', 'timm'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, cwd=settings.PROJECT_ROOT)


def test_every_promised_model_is_listed_once_and_says_what_it_is() -> None:
    entries = list_models()
    names = [entry.name for entry in entries]
    assert set(names) >= NAMES
    assert len(names) == len(set(names))
    for entry in entries:
        assert entry.what
        assert entry.licence
        if entry.kind == "encoder":
            assert entry.sensor is not None
            assert entry.level is not None
        assert entry.how_to_get


def test_what_is_missing_is_shown_as_missing_and_what_is_put_there_as_present() -> None:
    assert not find_model("mobile-sam").present
    settings.weights_dir().mkdir()
    (settings.weights_dir() / "mobile_sam.pt").write_bytes(b"")
    assert find_model("mobile-sam").present
    assert find_model("mobile-sam").paths == (settings.weights_dir() / "mobile_sam.pt",)


def test_an_encoder_trained_here_appears_by_its_cards_name(trained: Path) -> None:
    entry = find_model("student-patch")
    assert entry.present
    assert (entry.sensor, entry.level, entry.gsd, entry.tile_px) == ("sentinel2", "patch", 10, 128)
    assert entry.size_bytes == (trained / "student-patch.safetensors").stat().st_size


def test_an_encoder_trained_here_under_a_name_that_is_taken_goes_by_its_path(
    tmp_path: Path, save_trained: Saver
) -> None:
    save_trained(settings.weights_dir(), "graft-demo-naip")
    path = str(settings.weights_dir() / "graft-demo-naip.json")
    assert find_model("graft-demo-naip").folder == settings.shipped_weights_dir()
    assert find_model(path).present
    assert load_encoder(path, device="cpu").encode_tiles(tiles(1)).shape == (1, 128)


def test_other_json_files_in_the_weights_folder_are_left_alone(trained: Path) -> None:
    (trained / "notes.json").write_text('{"a": 1}')
    assert "notes" not in {entry.name for entry in list_models()}


def test_a_broken_card_is_listed_with_what_is_wrong(trained: Path) -> None:
    (trained / "student.json").write_text("{}")
    entry = find_model("student")
    assert not entry.present
    with pytest.raises(ModelError, match=r"student\.json is not a card of an encoder"):
        load_encoder("student")


def test_the_three_towers_of_an_encoder_share_one_space(trained: Path, teacher: nn.Module) -> None:
    encoder: Encoder = load_encoder("student", device="cpu")
    photo = load_encoder("teacher", device="cpu").encode_photos(list(tiles(3)))
    np.testing.assert_allclose(encoder.encode_tiles(tiles(3)), photo, atol=2e-3)  # an untrained student is its teacher
    np.testing.assert_allclose(encoder.encode_photos(list(tiles(3))), photo, atol=1e-6)
    assert encoder.encode_texts(["forest", "lake"]).shape == (2, 128)
    assert encoder.defaults.temperature == 0.05
    assert load_encoder("student-patch", device="cpu").encode_tiles(tiles(2)).shape == (2, 8, 8, 128)


def test_encoders_that_lean_on_one_text_tower_hold_one_copy_of_it(trained: Path) -> None:
    one, two = load_encoder("student", device="cpu"), load_encoder("student-patch", device="cpu")
    one.encode_texts(["a"])
    two.encode_texts(["a"])
    assert one.space() is two.space()


def test_a_card_is_also_loaded_by_the_path_of_either_file_and_finds_its_teacher_beside_it(
    tmp_path: Path, save_trained: Saver
) -> None:
    save_trained(tmp_path / "run", "teacher")
    save_trained(tmp_path / "run", "best-1.0")
    for ending in ("json", "safetensors"):
        encoder = load_encoder(str(tmp_path / "run" / f"best-1.0.{ending}"), device="cpu")
        assert encoder.encode_texts(["forest"]).shape == (1, 128)


def test_weights_that_changed_are_refused_when_they_are_first_used(trained: Path) -> None:
    path = trained / "student.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    encoder = load_encoder("student", device="cpu")
    with pytest.raises(ModelError, match="is damaged or not the file of its card"):
        encoder.encode_tiles(tiles(1))


def test_weights_of_another_level_or_kind_are_refused(trained: Path) -> None:
    document = json.loads((trained / "student.json").read_text())
    document["holds"] = "clip"
    document["spec"]["text_encoder"] = "student"
    (trained / "student.json").write_text(json.dumps(document))
    with pytest.raises(ModelError, match=r"student\.json does not fit graft-demo"):
        load_encoder("student", device="cpu").encode_texts(["a"])


def test_a_text_encoder_of_another_length_is_refused(trained: Path) -> None:
    document = json.loads((trained / "student.json").read_text())
    document["spec"]["dim"] = 64
    (trained / "student.json").write_text(json.dumps(document))
    with pytest.raises(ModelError, match="gives vectors of 64 values and its text encoder 'teacher' of 128"):
        load_encoder("student", device="cpu").encode_texts(["a"])


def test_a_text_encoder_without_text_is_refused(trained: Path) -> None:
    document = json.loads((trained / "student.json").read_text())
    document["spec"]["text_encoder"] = "student-patch"
    (trained / "student.json").write_text(json.dumps(document))
    with pytest.raises(ModelError, match="holds a satellite tower, no text tower"):
        load_encoder("student", device="cpu").encode_texts(["a"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("graft-nap", r"There is no model 'graft-nap'; did you mean graft-naip"),
        ("qqq", r"There is no model 'qqq'; `python -m graft_core models` lists"),
        ("", r"There is no model ''"),
        ("ViT-B-16", r"'ViT-B-16' is an architecture: write its weights after it"),
        ("/nowhere/file.safetensors", r"There is no file /nowhere/file\.safetensors"),
        ("mobile-sam", r"'mobile-sam' is a segmenter, not an encoder"),
        ("sample-sentinel2", r"'sample-sentinel2' is a scene, not an encoder"),
        (
            "graft-naip",
            r"No weights for 'graft-naip': graft_naip\.ckpt is not in .*; put graft_naip\.ckpt into .*cornell",
        ),
        ("clip-vit-b-16", r"run `python -m graft_core fetch clip-vit-b-16`, or put clip-vit-b-16\.safetensors into"),
        ("ViT-B-16@openai", r"No weights for 'clip-vit-b-16'"),
    ],
)
def test_a_name_that_cannot_be_loaded_is_answered_with_the_next_step(name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load_encoder(name)


def test_a_file_that_is_not_the_published_one_is_refused() -> None:
    settings.weights_dir().mkdir()
    (settings.weights_dir() / "clip-vit-b-16.safetensors").write_bytes(b"something else")
    with pytest.raises(
        ModelError, match=r"is damaged or not the published file of 'clip-vit-b-16'.*begin 4b8699299b1e"
    ):
        load_encoder("clip-vit-b-16")


def test_missing_demo_weights_say_where_they_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "shipped_weights_dir", lambda: tmp_path / "none")
    with pytest.raises(
        ModelError, match=r"graft-demo-naip\.safetensors is not in .*part of this project: install it again"
    ):
        load_encoder("graft-demo-naip")


@pytest.mark.parametrize(
    ("sensor", "name"),
    [("naip", "graft-demo-naip"), ("sentinel2", "graft-demo-sentinel2"), ("rgb", "graft-demo-naip")],
)
def test_each_sensor_has_a_default(sensor: SensorName, name: str) -> None:
    assert default_encoder_name(sensor) == name
    assert find_model(name).kind == "encoder"


def test_an_encoder_for_any_imagery_takes_the_resolution_of_the_imagery_at_hand(trained: Path) -> None:
    assert load_encoder("teacher").spec.gsd == 1
    assert load_encoder("teacher", sensor="sentinel2").spec.gsd == 10
    assert load_encoder("teacher", sensor="sentinel2", gsd=20).spec.gsd == 20
    assert load_encoder("student", sensor="sentinel2").spec.gsd == 1  # it was trained for one resolution
    assert load_encoder("student", gsd=0.6).spec.gsd == 0.6
    assert load_encoder("teacher").spec.key != load_encoder("teacher", sensor="sentinel2").spec.key
    with pytest.raises(ModelError, match="A resolution of 0 metres"):
        load_encoder("teacher", gsd=0)


def test_every_token_of_an_image_level_tower_can_be_asked_for(trained: Path) -> None:
    """And the photo tower goes on giving one vector."""
    for name in ("student", "teacher"):
        whole, tokens = load_encoder(name, device="cpu"), load_encoder(name, device="cpu", level="patch")
        before = whole.encode_tiles(tiles(2))
        assert tokens.encode_tiles(tiles(2)).shape == (2, 8, 8, 128)
        assert tokens.encode_photos(tiles(1)).shape == (1, 128)
        np.testing.assert_array_equal(whole.encode_tiles(tiles(2)), before)
        assert tokens.spec.key != whole.spec.key


def test_shipped_weights_are_whole_and_fit(teacher: nn.Module) -> None:
    """The demo encoders in the package load, and together stay under 25 MB."""
    shipped = [entry for entry in list_models() if entry.folder == settings.shipped_weights_dir() and entry.present]
    assert {entry.name for entry in shipped} == set(DEMO_NAMES)
    assert sum(entry.size_bytes or 0 for entry in shipped) < 25e6
    for entry in shipped:
        encoder = load_encoder(entry.name, device="cpu")
        side = encoder.spec.tile_px
        assert encoder.encode_tiles(np.zeros((1, side, side, 3), np.uint8)).shape[-1] == encoder.spec.dim
        assert encoder.encode_texts(["forest"]).shape == (1, encoder.spec.dim)
