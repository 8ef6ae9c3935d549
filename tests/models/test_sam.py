"""SAM by our interface answers what its authors' own code answers, and foreign files are refused by name."""

import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from make_sam_reference import EVERY, REFERENCE, SIZES, picture, prompts
from needed import mobile_sam
from segment_anything import SamPredictor
from segment_anything.build_sam import _build_sam
from segment_anything.modeling import Sam

from graft_core import settings
from graft_core.errors import ModelError
from graft_core.models import sam_network
from graft_core.models.registry import find_model, segmenter_present
from graft_core.models.sam import Prompts, SamMasks, SeenWindow, Segmenter, load_segmenter
from graft_core.models.sam_network import BUILDERS, SamNetwork, load_network

CPU = torch.device("cpu")
HANDFUL = 20
"""Pixels that may differ in a mask of a million: rounding where the outline passes."""


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    mobile_sam()
    return load_segmenter(device="cpu")  # made before a test has a folder of weights of its own


@pytest.fixture(scope="module")
def windows(segmenter: Segmenter) -> dict[str, SeenWindow]:
    """Each picture, seen once."""
    return {name: segmenter.look(picture(name)) for name in SIZES}


def click(x: float, y: float) -> Prompts:
    return Prompts(np.array([[x, y]], np.float32), np.array([True]))


def agrees(found: SamMasks, reference: dict[str, np.ndarray], name: str) -> None:
    """Compares with what the authors' code gave."""
    masks = np.unpackbits(reference[f"{name}/masks"], axis=-1, count=found.masks.shape[2]).astype(bool)
    assert found.masks.shape == masks.shape
    assert (found.masks != masks).sum(axis=(1, 2)).max() <= HANDFUL
    np.testing.assert_allclose(found.iou, reference[f"{name}/iou"], atol=1e-4)
    np.testing.assert_allclose(found.logits[:, ::8, ::8], reference[f"{name}/logits"], atol=2e-3)


@pytest.mark.parametrize("name", SIZES)
def test_mobile_sam_answers_as_its_authors_code_does(
    segmenter: Segmenter, windows: dict[str, SeenWindow], name: str
) -> None:
    with np.load(REFERENCE) as stored:
        reference = dict(stored)
    seen = windows[name]
    np.testing.assert_allclose(seen.embedding[EVERY], reference[f"{name}/embedding"], atol=1e-4)
    answers = {kind: segmenter.outline(seen, given) for kind, given in prompts(name).items()}
    for kind, answer in answers.items():
        agrees(answer, reference, f"{name}/{kind}")
    marked = prompts(name)["click"]
    again = Prompts(marked.points, marked.positive, mask=answers["click"].logits[0])
    agrees(segmenter.outline(seen, again), reference, f"{name}/again")


@pytest.mark.parametrize("name", SIZES)
def test_a_click_on_the_pond_gives_the_pond(segmenter: Segmenter, windows: dict[str, SeenWindow], name: str) -> None:
    """The best of the three outlines is the disc that was painted, in a window as it is and in one that is enlarged."""
    height, width = SIZES[name]
    row, col = np.mgrid[:height, :width] * 1024 // width
    pond = (row - 420) ** 2 + (col - 300) ** 2 < 130**2
    found = segmenter.outline(windows[name], prompts(name)["click"])
    best = found.masks[found.iou.argmax()]
    assert best.shape == (height, width)
    assert (best & pond).sum() / (best | pond).sum() > 0.95


def test_one_call_leaves_nothing_behind_for_the_next_whatever_thread_it_comes_from(
    segmenter: Segmenter, windows: dict[str, SeenWindow]
) -> None:
    alone = {name: segmenter.outline(windows[name], prompts(name)["click"]) for name in SIZES}
    found: dict[str, list[SamMasks]] = {name: [] for name in SIZES}

    def work(name: str) -> None:
        for kind in ("box", "click", "two", "click"):
            answer = segmenter.outline(windows[name], prompts(name)[kind])
            if kind == "click":
                found[name].append(answer)

    threads = [threading.Thread(target=work, args=(name,)) for name in SIZES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, answers in found.items():
        assert len(answers) == 2
        for answer in answers:
            np.testing.assert_array_equal(answer.masks, alone[name].masks)
            np.testing.assert_array_equal(answer.logits, alone[name].logits)


# What follows needs no weights: networks of the same structure with random values.


def small_meta_sam() -> Sam:
    """Meta's structure with one block of width 32."""
    return _build_sam(32, 1, 2, [])


@pytest.fixture(scope="module")
def small() -> Sam:
    torch.manual_seed(3)
    model = small_meta_sam()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "rel_pos" in name or "pos_embed" in name:  # these begin at zero and would hide a mistake
                parameter.normal_(std=0.1)
    return model


@pytest.mark.parametrize("size", [(1024, 1024), (300, 500), (64, 64), (1, 7)])
def test_metas_structure_answers_as_segment_anythings_own_predictor(small: Sam, size: tuple[int, int]) -> None:
    window = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    network, predictor = SamNetwork(small, CPU), SamPredictor(small)
    predictor.set_image(window)
    seen = network.look(window)
    np.testing.assert_array_equal(seen.embedding, predictor.get_image_embedding().numpy())
    height, width = size
    points = np.array([[0.3 * width, 0.4 * height], [0.8 * width, 0.9 * height]], np.float32)
    box = (0.1 * width, 0.2 * height, 0.7 * width, 0.9 * height)
    mask = np.random.default_rng(2).normal(size=(256, 256)).astype(np.float32)
    scale = np.array([round(width * 1024 / max(size)) / width, round(height * 1024 / max(size)) / height])
    half = 0.5 / scale  # their positions are of the middle of the first pixel of the enlarged window
    for marks in (
        Prompts(points, np.array([True, False])),
        Prompts(points[:0], np.zeros(0, bool), box),
        Prompts(points[:1], np.array([True]), box, mask),
        Prompts(points[:0], np.zeros(0, bool), mask=mask),
    ):
        wanted = predictor.predict(
            marks.points - half if len(marks.points) else None,
            marks.positive.astype(int) if len(marks.points) else None,
            None if marks.box is None else np.array(marks.box) - np.tile(half, 2),
            None if marks.mask is None else marks.mask[None],
        )
        found = network.outline(seen, marks)
        assert found.masks.shape == (3, *size)
        assert found.masks.dtype == bool
        np.testing.assert_allclose(found.logits, wanted[2], atol=1e-4)
        np.testing.assert_allclose(found.iou, wanted[1], atol=1e-4)
        assert (found.masks != wanted[0]).mean() < 1e-4


@pytest.fixture
def saved(small: Sam, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file as Meta's, of the small structure."""
    monkeypatch.setitem(sam_network.BUILDERS, "vit_b", small_meta_sam)
    path = tmp_path / "sam_vit_b_01ec64.pth"
    torch.save(small.state_dict(), path)
    return path


def test_a_file_of_metas_structure_gives_its_own_values(saved: Path, small: Sam) -> None:
    window = picture("small")
    found = load_network(saved, "vit_b", CPU).look(window)
    np.testing.assert_array_equal(found.embedding, SamNetwork(small, CPU).look(window).embedding)


@pytest.mark.parametrize("architecture", ["vit_b", "vit_l", "vit_h"])
def test_metas_files_have_the_sizes_of_their_architectures(architecture: str) -> None:
    with torch.device("meta"):
        parameters = sum(each.numel() for each in BUILDERS[architecture]().parameters())  # type: ignore[index]
    size = find_model(architecture.replace("vit", "sam-vit").replace("_", "-")).size_bytes
    assert size is not None
    assert 0 < size - 4 * parameters < 300_000


def drop(tensors: dict[str, torch.Tensor]) -> None:
    del tensors["mask_decoder.iou_token.weight"]


def reshape(tensors: dict[str, torch.Tensor]) -> None:
    tensors["mask_decoder.iou_token.weight"] = torch.zeros(2, 256)


def add(tensors: dict[str, torch.Tensor]) -> None:
    tensors["adapter.weight"] = torch.zeros(2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop, r"1 tensors are missing \(first mask_decoder\.iou_token\.weight\)"),
        (reshape, r"mask_decoder\.iou_token\.weight is \(2, 256\) in the file and \(1, 256\) in the model"),
        (add, r"1 are unknown \(first adapter\.weight\)"),
    ],
)
def test_a_file_of_another_structure_is_named_with_the_next_step(
    saved: Path, change: Callable[[dict[str, torch.Tensor]], None], message: str
) -> None:
    tensors = torch.load(saved, weights_only=True)
    change(tensors)
    torch.save(tensors, saved)
    with pytest.raises(ModelError, match=rf"sam_vit_b_01ec64\.pth does not fit SAM vit_b: {message}.*fetch it again"):
        load_network(saved, "vit_b", CPU)


def test_a_file_of_another_model_and_one_cut_short_are_named(saved: Path) -> None:
    with pytest.raises(ModelError, match=r"sam_vit_b_01ec64\.pth does not fit SAM vit_t: image_encoder\.neck"):
        load_network(saved, "vit_t", CPU)
    saved.write_bytes(saved.read_bytes()[:10_000])
    with pytest.raises(ModelError, match=r"sam_vit_b_01ec64\.pth is cut short or not a PyTorch file: fetch it again"):
        load_network(saved, "vit_b", CPU)


def test_values_that_are_no_numbers_stop_before_they_become_outlines(small: Sam) -> None:
    broken = small_meta_sam()
    broken.load_state_dict(small.state_dict())
    with torch.no_grad():
        broken.image_encoder.neck[0].weight[0] = torch.nan
    with pytest.raises(ModelError, match="not numbers: its weights are damaged"):
        SamNetwork(broken, CPU).look(picture("small"))


def test_a_missing_damaged_or_foreign_segmenter_is_answered_with_the_next_step() -> None:
    assert not segmenter_present()
    with pytest.raises(
        ModelError, match=r"No weights for 'mobile-sam': mobile_sam\.pt .* `python -m graft_core fetch mobile-sam`"
    ):
        load_segmenter()
    settings.weights_dir().mkdir()
    (settings.weights_dir() / "mobile_sam.pt").write_bytes(b"not weights")
    assert segmenter_present()
    with pytest.raises(ModelError, match=r"mobile_sam\.pt is damaged .* remove it, then run .*fetch mobile-sam"):
        load_segmenter()
    with pytest.raises(ModelError, match=r"'graft-demo-naip' is no segmenter: choose from mobile-sam, sam-vit-b"):
        load_segmenter("graft-demo-naip")
    with pytest.raises(ModelError, match="no model 'mobilesam'; did you mean mobile-sam"):
        load_segmenter("mobilesam")


def test_asking_whether_a_segmenter_is_there_loads_no_torch() -> None:
    script = (
        "import sys\n"
        "from graft_core.models.registry import segmenter_present\n"
        "from graft_core.models.sam import Prompts, load_segmenter\n"
        "segmenter_present('sam-vit-h')\n"
        "loaded = {'torch', 'timm', 'segment_anything'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, cwd=settings.PROJECT_ROOT)


class Recorder:
    """Stands in for a network: says what reached it."""

    def look(self, window: np.ndarray) -> SeenWindow:
        return SeenWindow(np.zeros((1, 256, 64, 64), np.float32), window.shape[:2])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("window", "message"),
    [
        (np.zeros((10, 10, 4), np.uint8), r"\(H, W, 3\) uint8 windows and got \(10, 10, 4\) uint8"),
        (np.zeros((10, 10), np.uint8), r"got \(10, 10\) uint8"),
        (np.zeros((10, 10, 3), np.float32), "float32"),
        (np.zeros((0, 10, 3), np.uint8), r"got \(0, 10, 3\)"),
        (np.zeros((10, 1025, 3), np.uint8), "1024 px at most and got 1025 x 10: cut"),
    ],
)
def test_a_window_that_sam_cannot_take_is_refused(window: np.ndarray, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Segmenter("s", "0", Recorder).look(window)  # type: ignore[arg-type]


def test_the_network_is_loaded_once_and_only_when_it_looks() -> None:
    loads: list[int] = []

    def load() -> Recorder:
        loads.append(1)
        return Recorder()

    segmenter = Segmenter("s", "0", load)  # type: ignore[arg-type]
    assert not loads
    threads = [threading.Thread(target=partial(segmenter.look, picture("small"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert segmenter.look(picture("small")).size == (200, 320)
    assert len(loads) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: Prompts(np.zeros((2, 2), np.float32), np.ones(1, bool)),
        lambda: Prompts(np.zeros(2, np.float32), np.ones(2, bool)),
        lambda: Prompts(np.zeros((0, 2), np.float32), np.zeros(0, bool)),
        lambda: Prompts(np.full((1, 2), np.nan, np.float32), np.ones(1, bool)),
        lambda: Prompts(np.zeros((0, 2), np.float32), np.zeros(0, bool), (0, 0, np.inf, 1)),
        lambda: Prompts(np.zeros((1, 2), np.float32), np.ones(1, bool), mask=np.zeros((64, 64), np.float32)),
    ],
)
def test_marks_that_mean_nothing_are_refused(make: Callable[[], Prompts]) -> None:
    with pytest.raises(ValueError, match=r"do not fit|nothing is marked|nowhere|go on from"):
        make()


@example_settings(max_examples=50)
@given(st.integers(1, 1024), st.integers(1, 1024), st.floats(0, 1), st.floats(0, 1))
def test_a_mark_lands_where_it_was_made_whatever_the_windows_size(h: int, w: int, across: float, down: float) -> None:
    """SAM adds half a pixel of its own; a mark at a share of the window must come to the same share of the input."""
    network = SamNetwork.__new__(SamNetwork)
    network._resize, network._device = sam_network.ResizeLongestSide(1024), CPU
    seen = SeenWindow(np.zeros((1, 256, 64, 64), np.float32), (h, w))
    placed = network._placed(np.array([[across * w, down * h]], np.float32), seen)[0].numpy() + 0.5
    used = np.array([round(w * 1024 / max(h, w)), round(h * 1024 / max(h, w))])
    np.testing.assert_allclose(placed, np.array([across, down]) * used, atol=0.6)
