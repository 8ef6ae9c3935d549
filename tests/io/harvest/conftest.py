"""The three services on loopback, and the program pointed at them."""

from collections.abc import Iterator

import photo_services
import pytest
from photo_services import KEY, Services


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Services without photos that know one key."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("MAPILLARY_TOKEN", KEY)
    monkeypatch.setenv("FLICKR_KEY", KEY)
    monkeypatch.delenv("GRAFT_CONTACT", raising=False)
    with photo_services.running() as running:
        for name in ("mapillary", "flickr", "commons"):
            monkeypatch.setenv(f"GRAFT_{name.upper()}", f"{running.url}/{name}")
        yield running
