"""Small models with random weights, and a web server that can misbehave."""

import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from hub_server import Hub, running_hub
from misbehaving_server import Handler, Server
from small_specs import DEFAULTS, spec
from torch import nn

from graft_core.models.card import Card, save_card
from graft_core.models.clip import DEMO_CONFIG, build_clip
from graft_core.models.graft import SatelliteTower


@pytest.fixture(autouse=True)
def no_hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees models that this machine's user downloaded, or a proxy, or a hub mirror."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    for name in ("HF_HUB_CACHE", "HF_ENDPOINT", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "hf" / "token"))  # read at import
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture(scope="session")
def teacher() -> nn.Module:
    """A demo teacher that has learned nothing."""
    torch.manual_seed(7)
    return build_clip(DEMO_CONFIG).eval()


@pytest.fixture
def save_trained(teacher: nn.Module) -> Callable[..., Card]:
    """Saves a teacher, or a satellite tower of it, as training would."""

    def save(folder: Path, name: str, **fields: str) -> Card:
        described = spec(name, **fields)  # type: ignore[arg-type]
        if name == described.text_encoder:
            card = Card(described, DEFAULTS, DEMO_CONFIG, "clip", "a teacher", "Apache-2.0", {"seed": 7})
            return save_card(folder / name, teacher.state_dict(), card)
        tower = SatelliteTower.from_photo_tower(teacher.visual, described.level)
        card = Card(described, DEFAULTS, DEMO_CONFIG, "satellite", "a student", "Apache-2.0", {"seed": 7})
        return save_card(folder / name, tower.state_dict(), card)

    return save


@pytest.fixture
def server() -> Iterator[Server]:
    """A web server on this machine."""
    handler = type("Handler", (Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        state = Server(f"http://127.0.0.1:{running.server_address[1]}", {}, [])
        handler.state = state
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield state
        running.shutdown()
        thread.join()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hugging Face hub on this machine, which HF_ENDPOINT names."""
    with running_hub() as running:
        monkeypatch.setenv("HF_ENDPOINT", f"{running.url}/")
        yield running
