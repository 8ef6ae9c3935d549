"""What a machine may lack and CI may not."""

import os
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip, except in CI, where a test that is skipped for want of something is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; a CI run must not skip it")
    pytest.skip(reason)
