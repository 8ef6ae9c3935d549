"""Where jobs and pages leave what they made: objects, label maps, answers."""

from pathlib import Path

from graft_core import settings


def segments_dir() -> Path:
    """Folder of objects that were found and corrected."""
    return settings.tiles_dir() / "segments"


def classes_dir() -> Path:
    """Folder of label maps."""
    return settings.tiles_dir() / "classes"


def answers_dir() -> Path:
    """Folder of answered questions, with the programs that answered them."""
    return settings.tiles_dir() / "answers"
