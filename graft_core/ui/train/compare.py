"""Step four: the same query before and after, side by side."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from branca.element import MacroElement
from folium.template import Template
from streamlit.delta_generator import DeltaGenerator
from streamlit_folium import st_folium

from graft_core import settings
from graft_core.errors import TrainError
from graft_core.index.store import IndexStore
from graft_core.models.registry import list_models
from graft_core.search.query import parse_query
from graft_core.serve.runs import Run, metrics_of
from graft_core.tasks.catalog import KnownScene
from graft_core.tasks.examples import check_images
from graft_core.train.metrics import ValidationRow
from graft_core.ui import cached
from graft_core.ui.address import base_path
from graft_core.ui.cached import Answer, Question
from graft_core.ui.explore.gallery import caption
from graft_core.ui.imagery import bounds_of, imagery
from graft_core.ui.indexing import start_indexing
from graft_core.ui.job_panel import show_jobs
from graft_core.ui.land import Land
from graft_core.ui.legend import legend_html
from graft_core.ui.maps import base_map, density_overlay
from graft_core.ui.offline_maps import use_vendored_assets
from graft_core.ui.outlines import tile_outlines
from graft_core.ui.preload import ENCODERS, finish
from graft_core.ui.query_box import SUGGESTIONS
from graft_core.ui.train.state import choose_run
from graft_core.ui.train.tables import read_table

HEIGHT = 380
"""Screen pixels of each map."""
TILES = 6
"""Best tiles of each encoder."""
RAMP = "viridis"
OPACITY = 0.75


def compare(runs: Sequence[Run], known: Sequence[KnownScene]) -> None:
    """Choose run, scene and what to compare with, index what is missing, ask both.

    Raises:
        GraftError: a scene or an encoder cannot be opened, or the query cannot be understood.
    """
    left, middle, right = st.columns(3)
    with left:
        run = choose_run(runs)
    here = [model.name for model in list_models() if model.kind == "encoder" and model.present]
    if run.name not in here:
        st.info(f"{run.name} is not trained to its end yet; go on with it under Training.", icon=":material/compare:")
        return
    scenes = _scenes(run, known)
    if not scenes:
        st.info("No scene is known yet: add one on the Library page.", icon=":material/satellite_alt:")
        return
    scene = str(middle.selectbox("Scene", scenes, key=f"compare-scene-{run.name}"))
    before = _before(run, [name for name in here if name != run.name], right)
    with st.spinner("Opening scene and encoders"):
        finish(ENCODERS)
        missing = [name for name in (before, run.name) if not _indexed(scene, name)]
    if missing:
        _offer_indexing(scene, missing)
        return
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    text = left.text_input("Query", SUGGESTIONS[0], key="compare-query", icon=":material/search:").strip()
    if right.button("Search with it on the Explore page", icon=":material/travel_explore:", width="stretch"):
        asked = {"scenes": cached.scene(scene).name, "encoder": run.name, "query": text}
        st.switch_page("pages/1_Explore.py", query_params=asked)
    if text:
        _ask_both(scene, before, run, text)


def _before(run: Run, others: Sequence[str], where: DeltaGenerator) -> str:
    """What to compare with: the teacher unless another is chosen."""
    teacher = str(run.config.get("teacher"))
    first = others.index(teacher) if teacher in others else 0
    says = "The teacher's photo tower is where the training began."
    return str(where.selectbox("Before", others, index=first, key=f"compare-with-{run.name}", help=says))


def _scenes(run: Run, known: Sequence[KnownScene]) -> list[str]:
    """What can be asked, by name or path: the scenes that the run learned from, then the other known ones."""
    learned: dict[str, None] = {}
    for path in run.config.get("pairs", ()):
        with contextlib.suppress(TrainError):  # its pairs were removed since
            learned |= dict.fromkeys(scene.source for scene in read_table(Path(path)).scenes)
    names = {scene.source: scene.name for scene in known}
    first = [names.get(source, source) for source in learned]
    return first + [scene.name for scene in known if scene.name not in first]


def _indexed(scene: str, encoder: str) -> bool:
    spec = cached.encoder((scene,), encoder).spec
    return IndexStore(settings.indexes_dir(), spec).find(cached.scene(scene).name) is not None


def _offer_indexing(scene: str, missing: Sequence[str]) -> None:
    names = " and ".join(missing)
    label = cached.scene(scene).name
    st.info(f"To compare them, {label} has to be indexed with {names}.", icon=":material/memory:")
    if st.button(f"Index {label} with {names}", type="primary", icon=":material/memory:"):
        for name in missing:
            start_indexing(scene, label, encoder=name)
        st.rerun()
    show_jobs({"index"})


def _ask_both(scene: str, before: str, run: Run, text: str) -> None:
    query = parse_query(text)
    check_images(query)
    name = cached.scene(scene).name
    questions = [Question((name,), encoder, query.to_json(), None, None, None) for encoder in (before, run.name)]
    with st.spinner("Asking both encoders", show_time=True):
        answers = [cached.answer(question) for question in questions]
    brightest = max(made.brightest for answer in answers for made in answer.maps)
    use_vendored_assets(base_path())
    figures = _figures(run, before)
    for column, question, answer, said, figure in zip(
        st.columns(2, gap="medium"), questions, answers, ("Before", "After"), figures, strict=True
    ):
        with column, st.container(key=f"compare-{said.lower()}"):
            _show_side(f"{said}: {question.encoder}", question, answer, figure, brightest)


def _figures(run: Run, before: str) -> tuple[ValidationRow | None, ValidationRow | None]:
    """The validation before the training, where that is what is compared with, and of the weights that were kept."""
    validations = metrics_of(run.name).validations
    if not validations:
        return None, None
    return (
        validations[0] if validations[0].step == 0 and before == run.config.get("teacher") else None,
        min(validations, key=lambda row: row.loss),
    )


def _show_side(title: str, question: Question, answer: Answer, figure: ValidationRow | None, brightest: float) -> None:
    st.markdown(f"**{title}**" + (f" :gray[· {_said(figure)}]" if figure else ""))
    (scene,) = question.scenes
    drawn = cached.picture(question, 0, RAMP, brightest, None)
    best = answer.found.hits[:TILES]
    built = base_map(bounds_of((scene,)), [imagery(scene)], draw=False, parts=[Land(), InStep()])
    built.options["zoom_snap"] = 0.25  # whole levels would leave a small map half empty around the scene
    st_folium(
        built,
        key=f"map-{title}",
        height=HEIGHT,
        use_container_width=True,
        feature_group_to_add=[
            density_overlay(drawn.rgba, drawn.bounds, OPACITY, name=cached.words(question)),
            tile_outlines(best),
        ],
        returned_objects=[],
    )
    st.html(legend_html(f"Density of {cached.words(question)}", RAMP, 0.0, brightest))
    for first in range(0, len(best), 3):
        for column, hit, picture in zip(st.columns(3), best[first : first + 3], answer.pictures[first:], strict=False):
            with column:
                st.image(picture, width="stretch")
                st.caption(caption(hit))


def _said(figure: ValidationRow) -> str:
    return f"{figure.top1:.0%} of the validation tiles right, loss {figure.loss:.2f}"


class InStep(MacroElement):
    """Moves every other map of the page that has this part to where this one is moved."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            const map = {{ this._parent.get_name() }}, page = window.parent;
            const hub = page.graftInStep = page.graftInStep || new page.EventTarget();
            let led = false;
            map.on("moveend", () => {
                if (!led) hub.dispatchEvent(new page.CustomEvent("move", {
                    detail: { from: map, center: map.getCenter(), zoom: map.getZoom() }
                }));
            });
            hub.addEventListener("move", event => {
                if (event.detail.from === map || !document.body.isConnected) return;
                led = true;
                map.setView([event.detail.center.lat, event.detail.center.lng], event.detail.zoom, { animate: false });
                led = false;
            });
        {% endmacro %}
    """)

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium states no types here
        self._name = "InStep"
