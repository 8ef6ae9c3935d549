"""What one session is looking at; lives in the browser's tab and in its address, never shared."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import streamlit as st

from graft_core import settings
from graft_core.io.atomic import replacing
from graft_core.search.query import Query, parse_query, parse_tile
from graft_core.tasks.examples import check_images
from graft_core.tasks.retrieve import Bounds, Hit
from graft_core.ui.cached import Question
from graft_core.ui.maps import View, view_on
from graft_core.ui.outlines import hit_bounds
from graft_core.ui.shared_view import view_from_address

HISTORY = 12
"""Questions that are remembered."""

SENT = "to-"
"""Beginning of parameters that a link sends to another page."""

Place = tuple[float, float]
"""Longitude and latitude in degrees."""
Comparison = Literal["less", "beside"]
"""The newest question less an earlier one, or the two on either side of a line."""


@dataclass
class OnMap:
    """What a page remembers of its map."""

    clicked: Place | None = None
    """Where the map was clicked last, which it goes on telling."""
    drawn: str | None = None
    """What was drawn last, which the map goes on telling."""
    new_area: str | None = None
    """Area of interest that the sidebar is to show from the next run on; "" for none."""
    cleared: int = 0
    """How often the drawings were wiped off."""
    view: View = field(default_factory=View)
    """Where the map was sent last."""
    visits: int = 0
    """How often it was sent somewhere."""
    answered: bool = False
    """Whether there was an answer yet: the first one waits for the encoder, so the map is drawn before it."""

    def clear_area(self) -> None:
        """Ask everywhere again."""
        self.new_area, self.cleared = "", self.cleared + 1

    def go_to_bounds(self, bounds: Bounds) -> None:
        """Bring a place, in degrees, into view."""
        self.visits += 1
        self.view = view_on(bounds, self.visits)


@dataclass
class Exploring(OnMap):
    """The state of the Explore page."""

    asked: str = ""
    """Query text that the marks below belong to."""
    likes: list[str] = field(default_factory=list)
    """Tiles marked as right, ``scene/row/col``."""
    dislikes: list[str] = field(default_factory=list)
    """Tiles marked as wrong."""
    chosen: str | None = None
    """Tile that is emphasised."""
    all_tiles: bool = False
    """Whether the gallery shows all best tiles, or the first of them."""
    place: Place | None = None
    """Place that is looked into."""
    history: list[Question] = field(default_factory=list)
    """Earlier questions, the newest first."""
    other: Question | None = None
    """Earlier question that the newest is compared with."""
    comparison: Comparison = "less"
    """How it is."""

    def mark(self, tile: str, *, right: bool) -> None:
        """Thumb up or down; the same again takes it back."""
        into, other = (self.likes, self.dislikes) if right else (self.dislikes, self.likes)
        if tile in into:
            into.remove(tile)
            return
        if tile in other:
            other.remove(tile)
        into.append(tile)

    def go_to(self, hit: Hit) -> None:
        """Emphasise a tile and bring it into view."""
        self.chosen = hit.tile
        self.go_to_bounds(hit_bounds(hit))

    def show_all_tiles(self) -> None:
        """Until other words are asked."""
        self.all_tiles = True

    def look_away(self) -> None:
        """Look into no place any more."""
        self.place = self.chosen = None

    def remember(self, question: Question) -> None:
        """Put a question first in the history, once."""
        self.history = [question, *(each for each in self.history if each != question)][:HISTORY]

    def compare(self, other: Question, comparison: Comparison) -> None:
        """Compare the newest question with an earlier one; the same again ends it."""
        ended = (self.other, self.comparison) == (other, comparison)
        self.other, self.comparison = (None if ended else other), comparison

    def compared(self, question: Question, comparison: Comparison) -> Question | None:
        """The question that one is compared with in this way, where both are of the same scenes."""
        other = self.other
        fits = self.comparison == comparison and other != question
        return other if other is not None and fits and other.scenes == question.scenes else None

    def query(self, text: str, background: Sequence[str]) -> Query:
        """The query of what is typed and marked; other words than before forget the marks.

        Raises:
            QueryError: the text cannot be understood.
        """
        if text != self.asked:
            self.asked, self.likes, self.dislikes, self.chosen, self.all_tiles = text, [], [], None, False
        query = parse_query(text)
        check_images(query)
        return replace(
            query,
            background=tuple(background),
            likes=tuple(parse_tile(each) for each in self.likes),
            dislikes=tuple(parse_tile(each) for each in self.dislikes),
        )


def exploring() -> Exploring:
    """This session's."""
    if "exploring" not in st.session_state:
        st.session_state.exploring = Exploring(view=view_from_address(st.query_params.get("at", "")))
    found: Exploring = st.session_state.exploring
    return found


def keep_upload(content: bytes, name: str) -> Path:
    """Keep an uploaded picture under its hash, so that a query in the history can be asked again."""
    folder = settings.tiles_dir() / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(content).hexdigest()[:16]}{Path(name).suffix.lower()}"
    if not path.exists():
        with replacing(path) as draft:
            draft.write_bytes(content)
    return path


def sent(**values: str | None) -> dict[str, str]:
    """What widgets of another page are to hold, as parameters of a link to it.

    They have names of their own: whatever a widget of this page is bound to goes with the page.
    """
    return {f"{SENT}{key}": value for key, value in values.items() if value}


def arrive() -> None:
    """Take what a link of another page sent along; before any widget is drawn."""
    for name in [each for each in st.query_params if each.startswith(SENT)]:
        key, value = name.removeprefix(SENT), st.query_params.pop(name)
        st.session_state[key] = st.query_params[key] = value
