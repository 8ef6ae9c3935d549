"""What a machine may lack and CI may not."""

import os
from pathlib import Path
from typing import NoReturn

import pytest

from graft_core import settings

USERS_WEIGHTS = settings.weights_dir()
"""The user's own folder of weights, as it was before each test got one of its own."""


def missing(reason: str) -> NoReturn:
    """Skip, except in CI, where a test that is skipped for want of something is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; a CI run must not skip it")
    pytest.skip(reason)


def mobile_sam() -> Path:
    """MobileSAM's weights file in the user's folder."""
    path = USERS_WEIGHTS / "mobile_sam.pt"
    if not path.is_file():
        missing(f"no {path}: run `python -m graft_core fetch mobile-sam` once")
    return path


def put_mobile_sam() -> None:
    """Give the running test MobileSAM in its own folder of weights."""
    source, folder = mobile_sam(), settings.weights_dir()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / source.name).symlink_to(source)
