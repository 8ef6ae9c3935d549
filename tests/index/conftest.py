"""Fixtures of the index room."""

import os
from pathlib import Path

import pytest
from indexed_scenes import SPEC

from graft_core.index.store import IndexStore


@pytest.fixture(autouse=True)
def no_power_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills are tested, power cuts are not; waiting for the disk would take most of these tests' time."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def store(tmp_path: Path) -> IndexStore:
    """An index nothing was written to yet."""
    return IndexStore(tmp_path / "indexes", SPEC)
