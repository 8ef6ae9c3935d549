"""Files of the Hugging Face hub: its protocol, environment variables and cache, and refusals with a next step."""

import hashlib
import os
import re
from pathlib import Path

import pytest
from hub_server import COMMIT, Hub, Repository
from huggingface_hub import hf_hub_download

from graft_core import settings
from graft_core.errors import FetchError
from graft_core.models import fetch as fetch_module
from graft_core.models.fetch import fetch, fetched_paths
from graft_core.models.sources import HubFile, ModelEntry, WantedFile
from graft_core.types import Progress

BODY = os.urandom(3_000_000)
SHA256 = hashlib.sha256(BODY).hexdigest()
REPO = "owner/model"


@pytest.fixture(autouse=True)
def repository(hub: Hub) -> None:
    """One repository with a large and a small file."""
    hub.put(REPO, "deep/model.pt", BODY)
    hub.put(REPO, "config.json", b"{}")


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of the registry whose weights and configuration lie on the hub; the weights' hash was published."""
    wanted(monkeypatch, SHA256)


def wanted(monkeypatch: pytest.MonkeyPatch, sha256: str | None, path: str = "deep/model.pt") -> None:
    files = (
        WantedFile(("w.pt",), (HubFile(REPO, path, "w.pt", sha256),)),
        WantedFile(("config.json",), (HubFile(REPO, "config.json", "config.json"),)),
    )
    entry = ModelEntry("made-up", "segmenter", "for tests", "none", files, settings.weights_dir())
    monkeypatch.setattr(fetch_module, "find_model", lambda name: entry)


def run(dest: Path | None = None) -> list[Progress]:
    return list(fetch("made-up", dest=dest))


def refusal() -> str:
    with pytest.raises(FetchError) as caught:
        run()
    assert not (settings.weights_dir() / "w.pt").exists()
    assert not list(settings.weights_dir().glob("*.part"))
    return str(caught.value)


def test_a_large_file_comes_from_the_store_and_a_small_one_at_once_both_of_the_commit_that_was_asked_about(
    hub: Hub, known: None
) -> None:
    steps = run()
    assert (settings.weights_dir() / "w.pt").read_bytes() == BODY
    assert (settings.weights_dir() / "config.json").read_bytes() == b"{}"
    assert hub.paths("HEAD") == [f"/{REPO}/resolve/main/deep/model.pt", f"/{REPO}/resolve/main/config.json"]
    assert hub.paths("GET") == [
        f"/{REPO}/resolve/{COMMIT}/deep/model.pt",
        f"/store/{SHA256}",
        f"/{REPO}/resolve/{COMMIT}/config.json",
    ]
    assert steps[-1].done == steps[-1].total == len(BODY) + 2


def test_the_token_goes_to_the_hub_and_to_nobody_else(hub: Hub, known: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    run()
    sent = {path: headers.get("Authorization") or headers.get("authorization") for _, path, headers in hub.asked}
    assert sent.pop(f"/store/{SHA256}") is None
    assert set(sent.values()) == {"Bearer hf_secret"}


def test_a_download_that_broke_off_goes_on_the_next_time(hub: Hub, known: None) -> None:
    hub.break_after = 2_000_000
    with pytest.raises(FetchError, match="run it again to go on"):
        run()
    arrived = (settings.weights_dir() / "w.pt.part").stat().st_size
    assert 0 < arrived <= 2_000_000
    steps = run()
    assert (settings.weights_dir() / "w.pt").read_bytes() == BODY
    ranges = [headers["Range"] for _, path, headers in hub.asked if path.startswith("/store/") and "Range" in headers]
    assert ranges == [f"bytes={arrived}-"]
    assert steps[-1].resumed == arrived


def test_the_hubs_own_hash_guards_a_file_whose_hash_nobody_published(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted(monkeypatch, None)
    settings.weights_dir().mkdir(parents=True)
    (settings.weights_dir() / "w.pt.part").write_bytes(b"?" * 1000)
    (settings.weights_dir() / "w.pt.part.etag").write_text(f'"{SHA256}"')
    run()  # what was there did not belong to this file: the hash tells, and it is fetched afresh
    assert (settings.weights_dir() / "w.pt").read_bytes() == BODY


def test_gits_hash_guards_a_small_file(hub: Hub, known: None) -> None:
    hub.garbled = b"[]"
    with pytest.raises(FetchError, match=r"config\.json of owner/model .*: what it gave has git's hash \w+\.\.\., not"):
        run()
    assert [path.name for path in settings.weights_dir().iterdir()] == ["w.pt"]
    hub.garbled = None
    run()
    assert (settings.weights_dir() / "config.json").read_bytes() == b"{}"
    assert sorted(path.name for path in settings.weights_dir().iterdir()) == ["config.json", "w.pt"]


def test_a_file_that_is_not_the_published_one_is_refused_before_it_is_downloaded(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted(monkeypatch, "0" * 64)
    message = refusal()
    assert f"offers another file now, of sha256 {SHA256[:12]}..., not 000000000000..." in message
    assert f"By hand: put w.pt into {settings.weights_dir()} (sha256 {'0' * 64})" in message
    assert hub.paths("GET") == []


def test_offline_nothing_is_asked_and_the_message_says_which_file_to_put_where(
    hub: Hub, known: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, word in (("HF_HUB_OFFLINE", "1"), ("TRANSFORMERS_OFFLINE", "true")):
        monkeypatch.setenv(variable, word)
        message = refusal()
        assert "HF_HUB_OFFLINE forbids it" in message
        assert f"put w.pt into {settings.weights_dir()}" in message
        monkeypatch.delenv(variable)
    assert hub.asked == []


@pytest.mark.parametrize("offline", ["", "1"])
def test_what_another_program_downloaded_is_used_without_the_network(
    hub: Hub, known: None, monkeypatch: pytest.MonkeyPatch, offline: str
) -> None:
    cache = Path(os.environ["HF_HOME"]) / "hub"
    for path in ("deep/model.pt", "config.json"):
        hf_hub_download(REPO, path, cache_dir=cache, endpoint=hub.url)
    hub.asked.clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", offline)
    run()
    weights, config = fetched_paths("made-up")
    assert hub.asked == []
    assert weights is not None
    assert weights.is_relative_to(cache)
    assert weights.read_bytes() == BODY
    assert config is not None
    assert not settings.weights_dir().exists()


def test_a_gated_repository_says_where_its_licence_is_accepted_and_where_the_token_goes(
    hub: Hub, known: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.repositories[REPO].gated_to = "hf_mine"
    message = refusal()
    assert f"it is gated: open {hub.url}/{REPO}, accept the licence there, then set HF_TOKEN to a token" in message
    monkeypatch.setenv("HF_TOKEN", "hf_of_somebody_else")
    message = refusal()
    assert f"your token's account has not been let in: open {hub.url}/{REPO} and accept the licence there" in message
    assert "hf_of_somebody_else" not in message
    monkeypatch.delenv("HF_TOKEN")
    stored = Path(os.environ["HF_HOME"]) / "token"  # where `hf auth login` leaves it
    stored.parent.mkdir(exist_ok=True)
    stored.write_text("hf_mine")
    run()
    assert (settings.weights_dir() / "w.pt").read_bytes() == BODY


@pytest.mark.parametrize("token", ["", "hf_mine"])
@pytest.mark.parametrize("private", [False, True])
def test_a_repository_that_is_not_there_or_private_is_told_as_the_hub_tells_it(
    hub: Hub, known: None, monkeypatch: pytest.MonkeyPatch, private: bool, token: str
) -> None:
    hub.repositories = {REPO: Repository(private=True)} if private else {}
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    assert f"{hub.url}/{REPO} does not exist or is private: check it in a browser" in refusal()


def test_a_file_that_a_repository_does_not_have_is_named(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted(monkeypatch, None, "other.pt")
    assert "it answers 404, owner/model has no file other.pt" in refusal()


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, r"it answers 401 Unauthorized: your token is wrong or may not read this, set HF_TOKEN|does not exist or"),
        (403, r"it answers 403 Forbidden: your token is wrong or may not read this, set HF_TOKEN"),
        (429, r"it answers 429 Too Many Requests"),
        (500, r"it answers 500 Internal Server Error"),
    ],
)
def test_a_hub_that_refuses_says_why(hub: Hub, known: None, status: int, message: str) -> None:
    hub.status = status
    assert re.search(message, refusal())


def test_what_is_no_hub_is_told_from_one(hub: Hub, known: None) -> None:
    hub.versioned = False
    assert f"{hub.url} does not answer as a hub does: check HF_ENDPOINT and the proxy" in refusal()


def test_a_hub_that_is_not_reachable_costs_seconds_and_says_so(known: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "it does not answer: no network?" in refusal()
