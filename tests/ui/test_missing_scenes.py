import pytest
from streamlit.testing.v1 import AppTest


def sidebar() -> None:
    import streamlit as st

    from graft_core.ui.controls import forget_missing, tell_missing

    known = ["town", "shore"]
    tell_missing("scene", known)
    st.selectbox("Scene", known, key="scene", bind="query-params", on_change=forget_missing)


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(sidebar, default_timeout=30)


def test_scene_of_the_address_that_is_not_here_is_named_until_another_is_chosen(page: AppTest) -> None:
    page.query_params["scene"] = "m_4007322"
    page.run()
    assert "m_4007322, which is not in the Library" in page.warning[0].value
    assert page.run().warning, "it stays when the page runs anew"
    page.selectbox[0].select("shore").run()
    assert not page.warning


def test_scene_that_is_here_needs_no_word(page: AppTest) -> None:
    page.query_params["scene"] = "shore"
    page.run()
    assert not page.warning
    assert page.selectbox[0].value == "shore"
