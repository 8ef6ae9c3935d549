"""What one session does on the Classify page."""

from dataclasses import dataclass

import streamlit as st

from graft_core.ui.shared_view import view_from_address
from graft_core.ui.state import OnMap, Place


@dataclass
class Classifying(OnMap):
    """The state of the Classify page."""

    place: Place | None = None
    """Place that is looked into."""


def classifying() -> Classifying:
    """This session's."""
    if "classifying" not in st.session_state:
        st.session_state.classifying = Classifying(view=view_from_address(st.query_params.get("at", "")))
    found: Classifying = st.session_state.classifying
    return found
