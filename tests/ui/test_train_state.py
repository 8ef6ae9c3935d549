"""Which run is looked at: the one in the address, the one that was chosen, else the newest."""

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    """A page with the selection alone, of runs that the test names."""
    from datetime import UTC, datetime

    import streamlit as st

    from graft_core.serve.runs import Run
    from graft_core.ui.train.state import arrive, choose_run, first_step

    arrive()
    names = st.session_state.names
    st.session_state.step_now = first_step(has_pairs=bool(names), has_runs=False)
    if names:
        st.session_state.seen = choose_run([Run(name, {}, "done", None, datetime.now(UTC)) for name in names]).name


@pytest.fixture
def app() -> AppTest:
    made = AppTest.from_function(page, default_timeout=30)
    made.session_state.names = ["newest", "older"]
    return made


def test_newest_run_is_looked_at_and_stands_in_the_address(app: AppTest) -> None:
    app.run()
    assert app.session_state.seen == "newest"
    assert app.query_params["run"] == "newest"


def test_address_names_the_run(app: AppTest) -> None:
    app.query_params["run"] = "older"
    app.run()
    assert app.session_state.seen == "older"
    app.selectbox(key="run").select("newest").run()
    assert app.query_params["run"] == "newest"


def test_run_that_was_removed_gives_way_to_the_newest(app: AppTest) -> None:
    app.query_params["run"] = "gone"
    app.run()
    assert app.session_state.seen == "newest"
    app.session_state.names = ["other"]
    app.run()
    assert app.session_state.seen == "other"


def test_run_that_was_just_started_is_gone_to(app: AppTest) -> None:
    app.run()
    app.session_state["next-run"] = "older"
    app.run()
    assert app.session_state.seen == "older"


def test_step_that_was_open_at_first_stays_the_default(app: AppTest) -> None:
    app.session_state.names = []
    app.run()
    assert app.session_state.step_now == "Pairs"
    app.session_state.names = ["newest"]
    app.run()
    assert app.session_state.step_now == "Pairs", "pairs that were made are to be seen first"
