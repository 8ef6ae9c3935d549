"""The little that Streamlit's theme cannot say: a map application needs the screen's edges."""

import streamlit as st

_CSS = """
<style>
  .stMainBlockContainer {padding: 4.2rem 1.6rem 1rem;}
  [class*="st-key-actions-"] button {padding: 0 .18rem; min-height: 1.8rem; min-width: 0;}
  [data-testid="stCaptionContainer"] p {margin-bottom: .3rem;}
</style>
"""


def use_style() -> None:
    """Once a run, before the page."""
    st.html(_CSS)
