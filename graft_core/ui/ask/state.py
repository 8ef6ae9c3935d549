"""What one session does on the Ask page; its answers lie on disk, under a key in the page's address."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from graft_core.serve.results import answers_dir
from graft_core.ui.ask.history import Entry, clear_entries, entry_path, let_go, new_id, restore_entries
from graft_core.ui.job_panel import at_work
from graft_core.ui.patch_controls import Looking
from graft_core.ui.session_key import session_key
from graft_core.ui.shared_view import view_from_address
from graft_core.ui.state import OnMap

ANSWERS = "answers"
"""Name of the key in the address."""


@dataclass(frozen=True)
class Wish:
    """What is to be answered."""

    question: str
    """As typed; empty where a program is run that nobody asked a question for."""
    program: str | None = None
    """The program to run; None for the one that a planner writes."""
    id: str = field(default_factory=new_id)
    """Another one for each time that it is asked."""


@dataclass
class Asking(OnMap):
    """The state of the Ask page."""

    wish: Wish | None = None
    """What is being answered."""
    problem: str = ""
    """Why the last question came to nothing; shown until the next one."""
    stopped: bool = False
    """Whether the last question was cancelled."""
    open: str | None = None
    """Answer that is open and on the map; None: the newest."""
    arrived: bool = False
    """Whether the question that the address came with was looked at."""

    def asks(self, question: str, program: str | None = None) -> None:
        """Answer a question, or run a program, from the next run of the page on."""
        self.problem, self.stopped = "", False
        self.wish = Wish(question.strip(), program) if question.strip() or program else None

    def arrives(self, question: str, looking: Looking, entries: Sequence[Entry]) -> None:
        """Answer the question that the address came with, unless it was answered here before, or a job is at it."""
        if self.arrived:
            return
        self.arrived = True
        answered = any((each.question, each.looking) == (question, looking) for each in entries)
        if not answered and not at_work("ask", question=question, scene=looking.scene, area=looking.area):
            self.asks(question)

    def cancel(self) -> None:
        """Answer it no more; the run that is at it ends where it reports next."""
        self.wish, self.stopped = None, True

    def ends(self, problem: str = "") -> None:
        """What was asked is answered, or refused for a reason."""
        self.wish, self.problem = None, problem

    def shows(self, entry: Entry) -> None:
        """Open an answer, where it was asked."""
        self.open = entry.id
        if (st.session_state.get("scene"), st.session_state.get("area") or None) != (
            entry.looking.scene,
            entry.looking.area,
        ):
            st.session_state.scene, self.new_area = entry.looking.scene, entry.looking.area or ""


def asking() -> Asking:
    """This session's."""
    if "asking" not in st.session_state:
        st.session_state.asking = Asking(view=view_from_address(st.query_params.get("at", "")))
    found: Asking = st.session_state.asking
    return found


def history_folder(*, new: bool = False) -> Path | None:
    """Where the answers of this session lie; None before the first."""
    key = session_key(ANSWERS, new=new)
    return None if key is None else answers_dir() / key


def place_for(wish: Wish, state: Asking) -> Path:
    """Where the answer to what is wanted is to be written; it is the one that is open from then on."""
    folder = history_folder(new=True)
    assert folder is not None
    let_go(folder)
    state.open = wish.id
    return entry_path(folder, wish.id)


def clear_history() -> None:
    """Take the answers away; ExportError where that is not possible."""
    folder = history_folder()
    if folder is not None:
        clear_entries(folder)


def restore_history() -> None:
    """Have them back; ExportError where that is not possible."""
    folder = history_folder()
    if folder is not None:
        restore_entries(folder)
