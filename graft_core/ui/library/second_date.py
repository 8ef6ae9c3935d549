"""The demo world some years later, for those who want to compare two dates before they have two of their own."""

from pathlib import Path

import streamlit as st

from graft_core import settings
from graft_core.serve.jobs import start_job
from graft_core.ui import cached
from graft_core.ui.job_panel import at_work


def offer_second_date() -> None:
    """Draw and index it, or compare what is there; nothing where the first date is not indexed."""
    folder = settings.tiles_dir() / "demo"
    before, after = (_name_in_index(folder / name) for name in ("naip.tif", "naip_later.tif"))
    if before is None:
        return
    st.divider()
    st.markdown("The demo world some years later, to compare two dates: a tenth of the land and more has changed.")
    if at_work("later"):
        st.caption("It is being drawn and indexed.")
    elif after is not None:
        st.page_link(
            "pages/1_Explore.py",
            label="Compare the two dates",
            icon=":material/compare:",
            query_params={"scenes": before, "against": after},
        )
    elif st.button("Draw and index it", icon=":material/landscape:"):
        start_job("later", "Draw and index the demo world some years later", {"folder": str(folder.resolve())})
        st.rerun()


def _name_in_index(path: Path) -> str | None:
    """What an indexed scene is called; None where it is not indexed."""
    source = str(path.resolve())
    return next((scene.name for scene in cached.scenes() if scene.source == source and scene.encoders), None)
