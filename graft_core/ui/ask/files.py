"""An answer to be taken away: to paste, as JSON, and what it stands on as GeoJSON."""

import json
import re
from collections.abc import Callable

import streamlit as st

from graft_core.ask.in_words import sure_in_words
from graft_core.ui.ask.history import Entry


def answer_text(entry: Entry) -> str:
    """Question, answer and program, to be pasted into a report."""
    sure = float(entry.answer["sure"])
    how = f"{sure_in_words(sure)}, {sure:.0%}" if sure else sure_in_words(sure)
    said = f"{entry.answer['sentence']} ({how})"
    return "\n".join([entry.title, said, f"Scene: {entry.looking.scene}", "", entry.program])


def answer_json(entry: Entry) -> bytes:
    """Program, values, steps and evidence, with where it was asked."""
    looking = entry.looking
    asked = {"scene": looking.scene, "encoder": looking.encoder, "area": looking.area, "refined": entry.refined}
    return _bytes({**asked, **entry.answer})


def evidence_json(entry: Entry) -> bytes:
    """What the answer stands on, as GeoJSON."""
    return _bytes(entry.answer["evidence"])


def offer_files(entry: Entry) -> None:
    """A row of buttons."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="answer-files"):
        with st.popover("Copy", icon=":material/content_copy:", type="tertiary"):
            st.code(answer_text(entry), language=None, wrap_lines=True)
        _download("JSON", answer_json, entry, "json", "application/json", "Program, values, steps and evidence")
        if entry.features:
            _download("GeoJSON", evidence_json, entry, "geojson", "application/geo+json", "The evidence, for QGIS")


def _download(label: str, make: Callable[[Entry], bytes], entry: Entry, suffix: str, mime: str, says: str) -> None:
    stem = re.sub(r"[^a-z0-9]+", "-", entry.title.lower()).strip("-")[:50] or "answer"
    st.download_button(
        label,
        data=make(entry),
        file_name=f"{stem}.{suffix}",
        mime=mime,
        key=f"take-{suffix}",
        icon=":material/download:",
        type="tertiary",
        help=says,
        on_click="ignore",
    )


def _bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode()
