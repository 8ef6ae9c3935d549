"""Two scenes of one place under the same words: chosen in the sidebar, put into an order, asked each in its own way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from graft_core.io.scene import Scene
from graft_core.search.query import Query
from graft_core.tasks.catalog import KnownScene
from graft_core.tasks.change import check_tiles_carry
from graft_core.tasks.density import own_bandwidth
from graft_core.ui import cached
from graft_core.ui.cached import Question
from graft_core.ui.errors import told
from graft_core.ui.state import Comparison

NOTHING = "no other scene"
WAYS: dict[str, Comparison] = {"side by side": "beside", "difference": "less"}
REFUSED = "comparison-refused"
"""Session state: a scene, and why the one that the address compares it with is not."""


@dataclass(frozen=True)
class Other:
    """The scene that the first is compared with."""

    name: str
    """In the index."""
    encoder: str | None
    """Its name; None for the one that suits the scene."""
    how: Comparison
    """Imagery and densities on either side of a line, or the difference of the densities."""


@dataclass(frozen=True)
class Sides:
    """Two scenes in their order: the earlier one first, or as they were chosen where that is not known."""

    before: str
    """Name of the scene on the left, which is taken away."""
    after: str
    """Name of the scene on the right, which it is taken from."""
    other: Other
    """One of the two, and how they are compared."""

    @property
    def names(self) -> tuple[str, str]:
        """Left and right."""
        return self.before, self.after

    def asked(self, question: Question) -> tuple[Question, Question]:
        """The question to one scene as one to each of the two, left and right.

        For a difference both get the wider of the encoders' own bandwidths where none is set, so that the two densities
        speak of the same neighbourhood.

        Raises:
            QueryError: the query speaks of tiles, and the scenes have encoders of their own.
        """
        encoder = {name: self.other.encoder if name == self.other.name else question.encoder for name in self.names}
        before, after = (replace(question, scenes=(name,), encoder=encoder[name]) for name in self.names)
        towers = [cached.encoder(each.scenes, each.encoder) for each in (before, after)]
        if towers[0].spec.key != towers[1].spec.key:
            check_tiles_carry(Query.from_json(question.query))
        if self.other.how == "less" and question.bandwidth is None:
            widest = max(map(own_bandwidth, towers))
            before, after = (replace(each, bandwidth=widest) for each in (before, after))
        return before, after


def choose_other(known: Sequence[KnownScene], scenes: Sequence[str], encoder: str | None) -> Other | None:
    """The sidebar's choice of a second scene; None where there is to be none.

    Args:
        known: indexed scenes.
        scenes: those that are chosen; only one can be compared.
        encoder: name of the encoder that is chosen, which the other scene gets too where it is indexed with it.
    """
    near = cached.overlapping(scenes[0]) if len(scenes) == 1 else []
    if len(scenes) == 1:
        _tell_refused(scenes[0], near, [scene.name for scene in known])
    if st.session_state.get("against") not in (None, NOTHING, *near):
        del st.session_state["against"]
    chosen = st.selectbox(
        "Compare with",
        [NOTHING, *near],
        key="against",
        bind="query-params",
        disabled=not near,
        on_change=_settled,
        help=_help(scenes, near),
    )
    if chosen not in near:
        return None
    how = st.segmented_control(
        "How to compare",
        list(WAYS),
        default=next(iter(WAYS)),
        required=True,
        key="how",
        bind="query-params",
        label_visibility="collapsed",
        width="stretch",
    )
    encoders = next(scene.encoders for scene in known if scene.name == chosen)
    other = Other(str(chosen), encoder if encoder in encoders else None, WAYS[str(how)])
    with told():
        if other.how == "less" and (sides := sides_of(scenes, other)):
            before, after = (label(name).replace("\n", "  \n") for name in sides.names)
            st.caption(f"Before: {before}\n\nAfter: {after}")
    return other


def sides_of(scenes: Sequence[str], other: Other | None) -> Sides | None:
    """The two scenes in their order; None where there is one only."""
    if other is None or len(scenes) != 1:
        return None
    first, second = cached.scene(scenes[0]), cached.scene(other.name)
    before, after = (second, first) if is_earlier(second, first) else (first, second)
    return Sides(before.name, after.name, other)


def is_earlier(one: Scene, other: Scene) -> bool:
    """Whether a scene was taken before another; not where one has no date."""
    return one.acquired is not None and other.acquired is not None and one.acquired < other.acquired


def label(name: str) -> str:
    """A scene for people: name, metres per pixel and day, on two lines."""
    scene = cached.scene(name)
    return f"{name}\n{scene.gsd:g} m · {'date unknown' if scene.acquired is None else scene.acquired.isoformat()}"


def _help(scenes: Sequence[str], near: Sequence[str]) -> str:
    if len(scenes) != 1:
        return "Choose one scene above, then another one here: another date, or another sensor."
    if not near:
        return "No other indexed scene shows this place; add one on the Library page."
    return "Another date or another sensor of this place, under the same words; each scene by an encoder that suits it."


def _tell_refused(scene: str, near: Sequence[str], known: Sequence[str]) -> None:
    """Say why a scene is not compared with that of the address: Streamlit silently drops it."""
    asked = st.query_params.get("against")
    if asked not in (None, NOTHING, scene, *near):
        elsewhere = f"shows another place than {scene}" if asked in known else "is not in the Library"
        st.session_state[REFUSED] = (scene, f"{asked} {elsewhere}, so the two cannot be compared.")
    said = st.session_state.get(REFUSED)
    if said is not None and said[0] == scene:
        st.warning(f'{said[1]} "Compare with" offers the scenes that can be.', icon=":material/wrong_location:")


def _settled() -> None:
    st.session_state.pop(REFUSED, None)
