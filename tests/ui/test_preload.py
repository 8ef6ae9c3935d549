"""What is imported while nobody waits for it."""

import gc
import sys
import threading
from pathlib import Path

import pytest

from graft_core.ui.preload import finish, preload


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"slow_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text("import time\ntime.sleep(0.2)\nwhole = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_whoever_needs_a_module_waits_until_it_is_whole(module: str) -> None:
    preload((module,))
    preload((module,))
    finish((module,))
    assert sys.modules[module].whole  # type: ignore[attr-defined]


def test_pause_ends_when_somebody_needs_it(module: str) -> None:
    preload((module,), after_s=600)
    assert module not in sys.modules
    waiting = threading.Thread(target=finish, args=((module,),))
    waiting.start()
    waiting.join(30)
    assert not waiting.is_alive()
    assert module in sys.modules


def test_nobody_waits_for_what_was_not_begun(module: str) -> None:
    finish((module,))
    assert module not in sys.modules


def test_collecting_garbage_does_not_look_through_what_was_imported(module: str) -> None:
    frozen = gc.get_freeze_count()
    try:
        preload((module,))
        finish((module,))
        assert gc.get_freeze_count() > frozen
        assert not any(each is sys.modules[module].__dict__ for each in gc.get_objects())
    finally:
        gc.unfreeze()
