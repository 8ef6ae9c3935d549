"""The three services on loopback, and the program pointed at them."""

from collections.abc import Iterator

import pytest
from photo_services import Services, in_use


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Services without photos that know one key."""
    with in_use(monkeypatch) as running:
        yield running
