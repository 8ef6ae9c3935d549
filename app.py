"""GRAFT Explorer in the browser: `streamlit run app.py`. The pages and, on the same port, the map tiles."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from graft_core.ui.address import tiles_prefix
from graft_core.ui.preload import PAGES, finish, preload, tiles_when_asked
from graft_core.ui.sign_in import admitted, ask_to_sign_in, guarded_tiles, guards, show_account
from graft_core.ui.style import use_style

if get_script_run_ctx(suppress_warning=True) is None:
    from starlette.routing import Mount
    from streamlit.runtime.pages_manager import PagesManager

    # The pages are those of st.navigation from the first visit on, or a visit to /Library would run that file alone.
    PagesManager.uses_pages_directory = False
    tiles = guarded_tiles(tiles_when_asked(tiles_prefix()))
    preload(PAGES, after_s=0.5)  # when the server is up, while the browser reads Streamlit's own scripts
    # Streamlit finds the server by reading this file: it has to be an assignment of st.App to this very name.
    app = st.App(__file__, routes=[Mount(tiles_prefix(), app=tiles)], middleware=guards())
else:
    finish(PAGES)
    inside = admitted()
    page = st.navigation(
        [
            st.Page("pages/1_Explore.py", title="Explore", default=True),
            st.Page("pages/2_Segment.py", title="Segment"),
            st.Page("pages/3_Classify.py", title="Classify"),
            st.Page("pages/4_Ask.py", title="Ask"),
            st.Page("pages/5_Train.py", title="Train"),
            st.Page("pages/6_Library.py", title="Library"),
        ],
        position="top" if inside else "hidden",
    )
    st.set_page_config(page_title=f"{page.title} · GRAFT Explorer", page_icon="🛰️", layout="wide")
    use_style()
    if inside:
        show_account()
        page.run()
    else:
        ask_to_sign_in()
