"""The answers of this session: the open one whole, the others in a line each, the newest first."""

import html
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from graft_core.ask.answer import ANALYST
from graft_core.ask.functions import signatures
from graft_core.ask.grammar_planner import NAME as GRAMMAR
from graft_core.ask.in_words import sure_in_words
from graft_core.ui.ask.files import offer_files
from graft_core.ui.ask.history import Entry, asked_at, can_restore
from graft_core.ui.ask.state import Asking, clear_history, history_folder, restore_history
from graft_core.ui.ask.steps import show_steps
from graft_core.ui.errors import told
from graft_core.ui.figures import time_text

BOXES = 5
"""Boxes of the little bar that tells how sure an answer is."""
LINE_PX, FEWEST_LINES, MOST_LINES = 21, 2, 12
"""Height of a line of a program, and of how many lines its box is."""
LINE_CHARS = 48
"""Characters of a program that fit into one line of its box."""


def show_entries(entries: Sequence[Entry], state: Asking) -> None:
    """Every answer, and a way to be rid of them."""
    for entry in entries:
        if entry is opened(entries, state):
            _show_open(entry, state)
        else:
            _show_closed(entry, state)
    _offer_clearing(entries)


def opened(entries: Sequence[Entry], state: Asking) -> Entry | None:
    """The answer that is open: the chosen one, else the newest."""
    return next((each for each in entries if each.id == state.open), entries[0] if entries else None)


def sure_html(sure: float) -> str:
    """How sure an answer is: in words, as a number, and as boxes that need no colour."""
    full = round(sure * BOXES)
    boxes = "".join(f'<i class="{"graft-full" if number < full else ""}"></i>' for number in range(BOXES))
    number = f" · {sure:.0%}" if sure > 0 else ""
    return f'<span class="graft-sure">{boxes} {sure_in_words(sure)}{number}</span>'


def _show_open(entry: Entry, state: Asking) -> None:
    with st.container(border=True, key="answer"):
        st.html(
            f'<div class="graft-asked">{html.escape(entry.title)}</div>'
            f'<div class="graft-said">{html.escape(entry.answer["sentence"])}</div>'
            f'<div class="graft-about">{sure_html(float(entry.answer["sure"]))}'
            f"<span>{html.escape(_about(entry))}</span></div>"
        )
        for notice in entry.answer["notices"]:
            st.info(notice, icon=":material/info:")
        _show_program(entry, state)
        show_steps(entry, state)
        offer_files(entry)


def _show_closed(entry: Entry, state: Asking) -> None:
    with st.container(gap=None, key=f"closed-{entry.id}"):
        st.button(
            entry.title,
            key=f"again-{entry.id}",
            type="tertiary",
            width="stretch",
            help="Open this answer, and show it on the map",
            on_click=state.shows,
            args=(entry,),
        )
        said = html.escape(entry.answer["sentence"])
        st.html(f'<div class="graft-earlier">{said} {sure_html(float(entry.answer["sure"]))}</div>')


def _about(entry: Entry) -> str:
    """Who wrote the program, of which scene, when."""
    planner = {ANALYST: "your program", GRAMMAR: "program by the grammar"}.get(
        entry.answer["planner"], f"program by {entry.answer['planner']}"
    )
    where = Path(entry.looking.scene).name + (", in the area of interest" if entry.looking.area else "")
    ago = (datetime.now(UTC) - asked_at(entry)).total_seconds()
    when = "just now" if ago < 60 else f"{time_text(ago)} ago"
    return " · ".join((planner, where, *(["outlines by SAM"] if entry.refined else []), when))


def _show_program(entry: Entry, state: Asking) -> None:
    """The program, to be changed and run again."""
    key = f"program-{entry.id}"

    def run() -> None:
        state.asks(entry.question, st.session_state[key])

    lines = sum(max(1, -(-len(line) // LINE_CHARS)) for line in entry.program.splitlines())
    height = LINE_PX * min(max(lines, FEWEST_LINES), MOST_LINES) + 24
    with st.form(f"form-{entry.id}", border=False):
        st.text_area("Program", entry.program, key=key, height=height, help="Change it and run it: a new answer.")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.form_submit_button("Run again", icon=":material/play_arrow:", on_click=run)
            with st.popover("Functions", icon=":material/function:", type="tertiary"):
                st.caption("What a program can call. The last line is the answer; `scene` is what is looked at.")
                st.code(signatures(), language="python", wrap_lines=True, height=420)


def _offer_clearing(entries: Sequence[Entry]) -> None:
    folder = history_folder()
    if folder is None:
        return
    with st.container(horizontal=True, key="clearing"), told():
        if entries and st.button("Clear history", icon=":material/clear_all:", type="tertiary"):
            clear_history()
            st.rerun()
        if can_restore(folder) and st.button("Undo clearing", icon=":material/undo:", type="tertiary"):
            restore_history()
            st.rerun()
