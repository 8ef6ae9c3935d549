"""What one session does on the Segment page; what it corrected lies on disk, under a key in the page's address."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import streamlit as st

from graft_core.serve.results import segments_dir
from graft_core.ui.segment.cached import Wanted
from graft_core.ui.segment.edits import Edits, load_edits, save_edits
from graft_core.ui.session_key import session_key
from graft_core.ui.shared_view import view_from_address
from graft_core.ui.state import OnMap

Mode = Literal["choose", "add", "take", "new"]
"""What a click on the map does: choose a polygon, add a point to it, take one away, begin a new one."""


@dataclass
class Segmenting(OnMap):
    """The state of the Segment page."""

    chosen: int | None = None
    """Number of the polygon that is looked at."""
    base: str = ""
    """Of which objects that is the number."""
    table: int = 0
    """How often the polygon was chosen elsewhere than in the table, which is then drawn anew."""
    problem: str = ""
    """Why the last click came to nothing; shown until the next one."""

    def choose(self, number: int | None) -> None:
        """Look at a polygon, or at none."""
        if number != self.chosen:
            self.chosen, self.table = number, self.table + 1

    def shows(self, base: str) -> None:
        """Other objects than before have other numbers."""
        if base != self.base:
            self.base, self.chosen, self.table = base, None, self.table + 1


def segmenting() -> Segmenting:
    """This session's."""
    if "segmenting" not in st.session_state:
        st.session_state.segmenting = Segmenting(view=view_from_address(st.query_params.get("at", "")))
    found: Segmenting = st.session_state.segmenting
    return found


def edits_of(wanted: Wanted) -> Edits:
    """What this session corrected of a question; nothing at first.

    Raises:
        ExportError: the file of the corrections is damaged.
    """
    key = session_key("edits", new=False)
    return Edits() if key is None else load_edits(_path(key, wanted))


def change_edits(wanted: Wanted, change: Callable[[Edits], None]) -> None:
    """Change what was corrected, on disk.

    Raises:
        ExportError: the file is damaged, or the disk takes no more.
    """
    key = session_key("edits", new=True)
    assert key is not None
    edits = load_edits(_path(key, wanted))
    change(edits)
    save_edits(_path(key, wanted), edits)


def _path(key: str, wanted: Wanted) -> Path:
    return segments_dir() / "edits" / key / f"{wanted.edits_key}.json"
