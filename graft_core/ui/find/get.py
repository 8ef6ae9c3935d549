"""How the ticked images are to be got, what that takes, and the job that does it."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import shapely.geometry
import streamlit as st

from graft_core import settings
from graft_core.errors import GraftError
from graft_core.io.imagery.item import ImageryItem
from graft_core.io.imagery.remote import Attempts
from graft_core.serve.jobs import start_job
from graft_core.tasks.imagery_plan import COMPOSITE_MOST, How, Plan, plan_imagery, require_room
from graft_core.ui.errors import told
from graft_core.ui.figures import free_bytes, size_text
from graft_core.ui.find.state import Asked, Finding
from graft_core.ui.indexing import choose_encoder
from graft_core.ui.job_panel import at_work

WAYS: dict[How, tuple[str, str]] = {
    "window": ("Download the part in the area", "Only its pixels travel; nothing is asked afterwards."),
    "place": ("Use in place", "Nothing is downloaded; every look reads over the network."),
    "whole": ("Download whole files", "The images as they are, often a hundred times your area."),
    "median": ("Cloud-free median", "One picture of all ticked dates, without their clouds."),
}
"""What each way is called, and what it means."""
HOW = "find-how"
"""Key of the choice between them."""
PATIENCE = Attempts(most=2, pause_s=0.5)
"""Of an estimate: somebody waits for it, and can ask for it again."""

_planning = ThreadPoolExecutor(2, "plan")


def offer_images(state: Finding) -> None:
    """The ways, the estimate, and the button; nothing where no image is ticked."""
    images, asked = state.images, state.asked
    if asked is None or not images:
        return
    with st.container(border=True, gap="small", key="get-images"):
        st.markdown(f"**Get {_counted(len(images))}**")
        how = _choose_way(state)
        clear = (
            how == "window"
            and _clouds_are_known(images)
            and st.checkbox(
                "Take out clouds", key="find-clear", persist_state="session", help="Pixels under clouds become empty."
            )
        )
        plan = _estimate(asked, images, how, clear)
        index, encoder = _indexing()
        _start(asked, images, plan, index, encoder)


def ways(items: Sequence[ImageryItem]) -> list[How]:
    """What can be done with these images."""
    return [how for how in WAYS if how != "median" or _clouds_are_known(items)]


def sizes(plan: Plan, free: int) -> str:
    """What a plan takes, in a line."""
    there = sum(piece.there for piece in plan.pieces)
    if there == len(plan.pieces):
        return f"**Here already** · {_counted(there, 'scene')}, nothing to fetch"
    had = f" · {there} of {len(plan.pieces)} here already" if there else ""
    if plan.how == "place":
        return f"**Nothing to fetch** · {_counted(len(plan.pieces), 'scene')} of a few kB{had}"
    most = "Up to " if plan.how in ("window", "median") else ""  # windows travel compressed
    fetched, disk = size_text(plan.fetched_bytes), size_text(plan.disk_bytes)
    return f"**{most}{fetched} to fetch**{had} · {disk} on disk meanwhile · {size_text(free)} free"


def arguments(asked: Asked, plan: Plan, *, index: bool, encoder: str | None) -> dict[str, object]:
    """What the job ``imagery`` is to be told."""
    ids = [opened.item.id for piece in plan.pieces for opened in piece.items]
    return {
        "catalog": asked.catalog,
        "collection": asked.collection,
        "ids": ids,
        "area": shapely.geometry.mapping(plan.area),
        "how": plan.how,
        "clear": plan.clear,
        "index": index,
        "encoder": encoder,
        "scenes": [str(piece.target.resolve()) for piece in plan.pieces],
    }


def _choose_way(state: Finding) -> How:
    possible = ways(state.images)
    if st.session_state.get(HOW) not in (None, *possible):  # chosen for images of another kind
        st.session_state[HOW] = possible[0]
        state.tick_for(median=False)
        st.rerun()
    return st.radio(
        "How",
        possible,
        format_func=lambda how: WAYS[how][0],
        captions=[WAYS[how][1] for how in possible],
        key=HOW,
        persist_state="session",
        on_change=lambda: state.tick_for(median=st.session_state[HOW] == "median"),
        label_visibility="collapsed",
    )


def _estimate(asked: Asked, images: Sequence[ImageryItem], how: How, clear: bool) -> Plan | None:
    """The plan once it is made; None until then, and where it cannot be done."""
    ids = tuple(item.id for item in images)
    made = _plan(
        (asked.catalog, asked.collection, asked.area, str(settings.tiles_dir())), ids, how, clear, asked, images
    )

    @st.fragment(run_every=None if made.done() else 0.5)
    def panel() -> None:
        if not made.done():
            st.caption(":material/hourglass_top: Looking at the files, to say what it takes.")
            return
        if waiting:
            st.rerun()
        try:
            plan = made.result()
            st.markdown(sizes(plan, free_bytes(settings.tiles_dir())))
            if how == "median" and (used := len(plan.pieces[0].items)) < len(images):
                st.caption(f"The {used} clearest are used: up to {COMPOSITE_MOST} dates of each place.")
            require_room(plan)
        except GraftError as error:
            st.error(str(error), icon=":material/error:")
            if made.exception() is not None and st.button("Look again", icon=":material/refresh:"):
                _plan.clear()
                st.rerun()

    waiting = not made.done()
    panel()
    if not made.done() or made.exception() is not None:
        return None
    try:
        require_room(made.result())
    except GraftError:
        return None  # said above
    return made.result()


@st.cache_resource(max_entries=64, show_spinner=False, ttl="10m")
def _plan(
    where: tuple[str, ...], ids: tuple[str, ...], how: How, clear: bool, _asked: Asked, _images: Sequence[ImageryItem]
) -> "Future[Plan]":
    """In a thread: headers of many files take seconds, and meanwhile the page answers."""
    del where, ids
    return _planning.submit(plan_imagery, _images, _asked.wanted.area, how, clear=clear, attempts=PATIENCE)


def _indexing() -> tuple[bool, str | None]:
    """Whether to embed what was fetched, and with which encoder; None for the one that suits it."""
    left, right = st.columns([2, 3], vertical_alignment="center")
    index = left.checkbox("Index afterwards", True, key="find-index", persist_state="session")
    with right:
        return index, choose_encoder("encoder-to-get") if index else None


def _start(asked: Asked, images: Sequence[ImageryItem], plan: Plan | None, index: bool, encoder: str | None) -> None:
    busy = at_work("imagery")
    label = "Get and index" if index else "Get"
    if st.button(label, icon=":material/download:", type="primary", disabled=plan is None or busy, width="stretch"):
        assert plan is not None  # the button is off until then
        with told():
            what = "median of " if plan.how == "median" else ""
            title = f"Get {what}{_counted(len(images))} of {asked.product}"
            start_job("imagery", title, arguments(asked, plan, index=index, encoder=encoder))
            st.rerun()
    if busy:
        st.caption("Other imagery is being fetched; this can begin when that has ended.")


def _clouds_are_known(items: Sequence[ImageryItem]) -> bool:
    return all(item.sensor == "sentinel2" and "scl" in item.files for item in items)


def _counted(count: int, what: str = "image") -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
