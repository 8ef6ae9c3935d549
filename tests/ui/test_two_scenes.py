"""Two scenes under one query: which come into question, in which order, and what each of them is asked."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from four_colors import LEFT, four_colors, geobox
from known_encoder import KnownEncoder
from streamlit.testing.v1 import AppTest

from graft_core import settings
from graft_core.errors import QueryError
from graft_core.io.geotiff import write_raster
from graft_core.io.scene import open_scene
from graft_core.search.query import parse_query
from graft_core.tasks import catalog
from graft_core.tasks.index_scene import index_scene
from graft_core.ui import cached
from graft_core.ui.cached import Question
from graft_core.ui.explore.two_scenes import Other, Sides, label, sides_of

Indexed = Callable[..., str]


@pytest.fixture(autouse=True)
def encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scene gets an encoder that sees its own pixels; any name is one of it."""

    monkeypatch.setattr(catalog, "encoder_for", lambda scene, name=None, **options: KnownEncoder(gsd=scene.gsd))


@pytest.fixture
def indexed(tmp_path: Path) -> Indexed:
    """``indexed(file name, gsd=..., left=...)``: the name of an indexed scene of four colours."""

    def make(file: str, *, gsd: float = 1.0, left: float = LEFT) -> str:
        step = int(gsd)
        pixels = four_colors()[:, ::step, ::step]
        path, names = tmp_path / file, ("red", "green", "blue")
        write_raster(path, pixels, geobox(*pixels.shape[1:], gsd=gsd, left=left), descriptions=names, photometric="rgb")
        scene = open_scene(path)
        for _ in index_scene(scene, KnownEncoder(gsd=gsd), settings.indexes_dir()):
            pass
        return scene.name

    return make


def question(scene: str, text: str = "green", **rest: object) -> Question:
    fields = {"encoder": None, "threshold": None, "bandwidth": None, "area": None, **rest}
    return Question((scene,), query=parse_query(text).to_json(), **fields)


def test_earlier_scene_is_on_the_left_whichever_was_chosen_first(indexed: Indexed) -> None:
    old, new = indexed("a_20190501.tif"), indexed("b_20230501.tif")
    for first, second in ((old, new), (new, old)):
        sides = sides_of([first], Other(second, None, "beside"))
        assert sides is not None
        assert sides.names == (old, new)


def test_scenes_without_a_date_stay_as_they_were_chosen(indexed: Indexed) -> None:
    dated, undated = indexed("a_20190501.tif"), indexed("b.tif")
    for first, second in ((dated, undated), (undated, dated)):
        sides = sides_of([first], Other(second, None, "beside"))
        assert sides is not None
        assert sides.names == (first, second)
    assert sides_of([dated], None) is None
    assert sides_of([dated, undated], Other("c", None, "beside")) is None


def test_label_names_scene_resolution_and_date(indexed: Indexed) -> None:
    dated, undated = indexed("a_20190501.tif"), indexed("b.tif", gsd=4.0)
    assert label(dated) == f"{dated}\n1 m · 2019-05-01"
    assert label(undated) == f"{undated}\n4 m · date unknown"


def test_each_scene_is_asked_by_its_own_encoder_and_a_difference_by_one_bandwidth(indexed: Indexed) -> None:
    fine, coarse = indexed("fine.tif"), indexed("coarse.tif", gsd=4.0)
    beside = Sides(fine, coarse, Other(coarse, None, "beside")).asked(question(fine, encoder="stated"))
    assert [(each.scenes, each.encoder, each.bandwidth) for each in beside] == [
        ((fine,), "stated", None),
        ((coarse,), None, None),
    ]
    less = Sides(fine, coarse, Other(coarse, None, "less"))
    assert [each.bandwidth for each in less.asked(question(fine))] == [32.0, 32.0]
    assert [each.bandwidth for each in less.asked(question(fine, bandwidth=20.0))] == [20.0, 20.0]
    change = cached.change(*less.asked(question(fine)))
    assert change.geobox.resolution.x == 4
    assert cached.change_drawn(*less.asked(question(fine))).maximum >= 0.25


def test_tiles_are_refused_where_the_encoders_differ_and_taken_where_they_do_not(indexed: Indexed) -> None:
    fine, coarse, other = indexed("fine.tif"), indexed("coarse.tif", gsd=4.0), indexed("other.tif")
    asked = question(fine, f"tile:{fine}/1/1")
    with pytest.raises(QueryError, match="one of the two encoders"):
        Sides(fine, coarse, Other(coarse, None, "beside")).asked(asked)
    assert len(Sides(fine, other, Other(other, None, "beside")).asked(asked)) == 2


def sidebar() -> None:
    import json

    import streamlit as st

    from graft_core.ui import cached
    from graft_core.ui.explore.two_scenes import choose_other

    found = choose_other(cached.scenes(), st.session_state["scenes"], st.session_state.get("encoder"))
    st.text(json.dumps(None if found is None else [found.name, found.encoder, found.how]))


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(sidebar, default_timeout=30)


def test_scenes_of_the_same_place_are_offered_with_two_ways_to_compare(indexed: Indexed, page: AppTest) -> None:
    here, same, far = indexed("here.tif"), indexed("same.tif", left=LEFT + 100), indexed("far.tif", left=LEFT + 9000)
    page.session_state["scenes"], page.session_state["encoder"] = [here], "known"
    page.run()
    choice = page.selectbox[0]
    assert same in choice.options
    assert {here, far}.isdisjoint(choice.options)
    assert page.text[0].value == "null"
    assert json.loads(choice.select(same).run().text[0].value) == [same, "known", "beside"]
    page.session_state["encoder"] = "another"
    page.session_state["how"] = "difference"
    assert json.loads(page.run().text[0].value) == [same, None, "less"]
    assert here in page.caption[0].value.partition("After")[0]


def test_nothing_is_compared_without_one_scene_and_another_of_its_place(indexed: Indexed, page: AppTest) -> None:
    here, far = indexed("here.tif"), indexed("far.tif", left=LEFT + 9000)
    for scenes in ([here], [here, far], []):
        page.session_state["scenes"] = scenes
        page.run()
        assert page.selectbox[0].disabled
        assert page.text[0].value == "null"


def test_choice_ends_when_another_place_is_looked_at(indexed: Indexed, page: AppTest) -> None:
    here, same, far = indexed("here.tif"), indexed("same.tif"), indexed("far.tif", left=LEFT + 9000)
    page.session_state["scenes"] = [here]
    page.run().selectbox[0].select(same).run()
    page.session_state["scenes"] = [far]
    assert page.run().text[0].value == "null"


def test_scene_of_the_address_that_lies_elsewhere_is_named(indexed: Indexed, page: AppTest) -> None:
    here, same, far = indexed("here.tif"), indexed("same.tif"), indexed("far.tif", left=LEFT + 9000)
    page.session_state["scenes"] = [here]
    page.query_params["against"] = far
    page.run()
    assert f"{far} shows another place than {here}" in page.warning[0].value
    assert page.run().warning, "it stays when the page runs anew"
    page.selectbox[0].select(same).run()
    assert not page.warning


def test_scene_of_the_address_that_is_not_here_is_named(indexed: Indexed, page: AppTest) -> None:
    page.session_state["scenes"] = [indexed("here.tif")]
    page.query_params["against"] = "m_4007322"
    assert "m_4007322 is not in the Library" in page.run().warning[0].value


@pytest.mark.parametrize("asked", ["itself", "another"])
def test_scene_of_the_address_that_can_be_compared_needs_no_word(indexed: Indexed, page: AppTest, asked: str) -> None:
    names = {"itself": indexed("here.tif"), "another": indexed("same.tif")}
    page.session_state["scenes"] = [names["itself"]]
    page.query_params["against"] = names[asked]
    page.run()
    assert not page.warning
    assert page.text[0].value == ("null" if asked == "itself" else json.dumps([names[asked], None, "beside"]))


def test_pixels_of_the_change_are_those_of_the_two_answers(indexed: Indexed) -> None:
    one, other = indexed("one.tif"), indexed("other.tif")
    change = cached.change(question(one), question(other))
    assert (np.nan_to_num(change.window(change.geobox)[0]) == 0).all()
