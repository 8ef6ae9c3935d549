"""One file over HTTP: whole and right, or not at all; broken downloads go on where they broke."""

import errno
import hashlib
import os
from pathlib import Path

import pytest
from misbehaving_server import Page, Server

from graft_core.errors import FetchError
from graft_core.models.download import Arrived, MirrorError, WrongHashError, download

BODY = bytes(range(256)) * 9000
SHA256 = hashlib.sha256(BODY).hexdigest()
OTHER = bytes(reversed(BODY))


def run(server: Server, target: Path, path: str = "/w.pt", sha256: str | None = SHA256) -> list[Arrived]:
    return list(download(server.url + path, target, sha256=sha256))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole_with_its_progress(server: Server, tmp_path: Path) -> None:
    server.pages["/w.pt"] = Page(BODY)
    steps = run(server, tmp_path / "deep" / "w.pt")
    assert (tmp_path / "deep" / "w.pt").read_bytes() == BODY
    assert names(tmp_path / "deep") == ["w.pt"]
    assert steps[0] == Arrived(0, len(BODY), 0)
    assert steps[-1] == Arrived(len(BODY), len(BODY), 0)
    assert [step.done for step in steps] == sorted(step.done for step in steps)


def test_a_broken_download_goes_on_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.pages["/w.pt"] = Page(BODY, break_after=1_500_000)
    with pytest.raises(MirrorError, match="run it again to go on"):
        run(server, tmp_path / "w.pt")
    assert not (tmp_path / "w.pt").exists()
    had = (tmp_path / "w.pt.part").stat().st_size
    assert 0 < had <= 1_500_000
    steps = run(server, tmp_path / "w.pt")
    assert steps[0] == Arrived(had, len(BODY), had)
    assert server.asked[-1][1]["Range"] == f"bytes={had}-"
    assert (tmp_path / "w.pt").read_bytes() == BODY
    assert names(tmp_path) == ["w.pt"]


def test_without_a_known_hash_it_goes_on_only_with_the_same_version_of_the_file(server: Server, tmp_path: Path) -> None:
    server.pages["/w.pt"] = Page(BODY, break_after=1_500_000, etag='"one"')
    with pytest.raises(MirrorError):
        run(server, tmp_path / "w.pt", sha256=None)
    server.pages["/w.pt"] = Page(OTHER, etag='"two"')
    assert run(server, tmp_path / "w.pt", sha256=None)[0].resumed == 0
    assert server.asked[-1][1]["If-Range"] == '"one"'
    assert (tmp_path / "w.pt").read_bytes() == OTHER
    assert names(tmp_path) == ["w.pt"]


def test_without_hash_and_version_it_starts_again(server: Server, tmp_path: Path) -> None:
    server.pages["/w.pt"] = Page(BODY, break_after=1_500_000)
    with pytest.raises(MirrorError):
        run(server, tmp_path / "w.pt", sha256=None)
    run(server, tmp_path / "w.pt", sha256=None)
    assert "Range" not in server.asked[-1][1]
    assert (tmp_path / "w.pt").read_bytes() == BODY


def test_a_part_of_another_file_is_found_out_and_fetched_afresh(server: Server, tmp_path: Path) -> None:
    server.pages["/w.pt"] = Page(BODY)
    (tmp_path / "w.pt.part").write_bytes(OTHER[:1000])
    run(server, tmp_path / "w.pt")
    assert (tmp_path / "w.pt").read_bytes() == BODY
    assert len(server.asked) == 2


def test_a_part_longer_than_the_file_is_fetched_afresh(server: Server, tmp_path: Path) -> None:
    server.pages["/w.pt"] = Page(BODY)
    (tmp_path / "w.pt.part").write_bytes(BODY + b"more")
    run(server, tmp_path / "w.pt")
    assert (tmp_path / "w.pt").read_bytes() == BODY


def test_a_server_that_cannot_give_the_rest_gives_the_whole(server: Server, tmp_path: Path) -> None:
    server.pages["/w.pt"] = Page(BODY, ignore_range=True)
    (tmp_path / "w.pt.part").write_bytes(BODY[:1000])
    assert run(server, tmp_path / "w.pt")[0].resumed == 0
    assert (tmp_path / "w.pt").read_bytes() == BODY


@pytest.mark.parametrize("page", [Page(OTHER, etag='"two"', ignore_version=True), Page(OTHER, ignore_version=True)])
def test_the_rest_of_another_version_is_not_joined_to_what_is_here(server: Server, tmp_path: Path, page: Page) -> None:
    server.pages["/w.pt"] = Page(BODY, break_after=1_500_000, etag='"one"')
    with pytest.raises(MirrorError):
        run(server, tmp_path / "w.pt", sha256=None)
    server.pages["/w.pt"] = page
    run(server, tmp_path / "w.pt", sha256=None)
    assert (tmp_path / "w.pt").read_bytes() == OTHER
    assert names(tmp_path) == ["w.pt"]


@pytest.mark.parametrize("sha256", [SHA256, None])
def test_a_rest_that_begins_elsewhere_is_not_joined(server: Server, tmp_path: Path, sha256: str | None) -> None:
    server.pages["/w.pt"] = Page(BODY, break_after=1_500_000, etag='"one"')
    with pytest.raises(MirrorError):
        run(server, tmp_path / "w.pt", sha256=sha256)
    server.pages["/w.pt"] = Page(BODY, etag='"one"', shift=100)
    run(server, tmp_path / "w.pt", sha256=sha256)
    assert (tmp_path / "w.pt").read_bytes() == BODY
    assert [headers.get("Range") is None for _, headers in server.asked] == [True, False, True]


def test_a_file_of_unknown_length_is_believed_by_its_hash_only(server: Server, tmp_path: Path) -> None:
    server.pages["/w.pt"] = Page(BODY, unmeasured=True)
    assert run(server, tmp_path / "a.pt")[-1] == Arrived(len(BODY), None, 0)
    server.pages["/w.pt"] = Page(BODY, unmeasured=True, break_after=1000)
    with pytest.raises(WrongHashError):
        run(server, tmp_path / "b.pt")
    with pytest.raises(MirrorError, match="does not say how long the file is"):
        run(server, tmp_path / "b.pt", sha256=None)
    assert names(tmp_path) == ["a.pt"]


def test_a_wrong_hash_leaves_nothing_and_an_old_file_untouched(server: Server, tmp_path: Path) -> None:
    server.pages["/w.pt"] = Page(OTHER)
    (tmp_path / "w.pt").write_bytes(b"old")
    with pytest.raises(MirrorError, match=rf"sha256 .{{12}}\.\.\., not {SHA256[:12]}"):
        run(server, tmp_path / "w.pt")
    assert (tmp_path / "w.pt").read_bytes() == b"old"
    assert names(tmp_path) == ["w.pt"]


def test_the_hash_a_hub_states_on_its_redirect_is_checked(server: Server, tmp_path: Path) -> None:
    server.pages["/store"] = Page(OTHER)
    server.pages["/w.pt"] = Page(b"", redirect=f"{server.url}/store", headers={"X-Linked-ETag": f'"{SHA256}"'})
    with pytest.raises(MirrorError, match="it gave has the sha256"):
        run(server, tmp_path / "w.pt", sha256=None)
    server.pages["/store"] = Page(BODY)
    run(server, tmp_path / "w.pt", sha256=None)
    assert (tmp_path / "w.pt").read_bytes() == BODY


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_refusal_is_told_with_its_number(server: Server, tmp_path: Path, status: int) -> None:
    server.pages["/w.pt"] = Page(b"", status=status)
    with pytest.raises(MirrorError, match=f"it answers {status}"):
        run(server, tmp_path / "w.pt")
    assert names(tmp_path) == []


def test_no_server_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(MirrorError, match="it does not answer"):
        list(download("http://127.0.0.1:9/w.pt", tmp_path / "w.pt"))
    with pytest.raises(MirrorError, match="its name is not known here"):
        list(download("http://there-is-no-such-host.invalid/w.pt", tmp_path / "w.pt"))


def test_a_full_disk_is_told_and_what_was_written_removed(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    server.pages["/w.pt"] = Page(BODY)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FetchError, match=r"w\.pt cannot be written \(No space left on device\): free some space"):
        run(server, tmp_path / "w.pt")
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    server.pages["/w.pt"] = Page(BODY)
    with pytest.raises(FetchError, match="cannot be written"):
        run(server, tmp_path / "file" / "w.pt")
