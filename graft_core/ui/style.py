"""The little that Streamlit's theme cannot say: a map application needs the screen's edges."""

import streamlit as st

from graft_core import settings

LOGO = settings.PROJECT_ROOT / "static" / "logo.svg"

_CSS = """
<style>
  [data-testid="stSidebarUserContent"] {padding-top: 0;}
  [data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] {gap: .45rem;}
  [data-testid="stSidebarUserContent"] [data-testid="stCaptionContainer"] {margin-bottom: 0;}
  [class*="st-key-section-"] [data-testid="stMarkdownContainer"] {margin: .5rem 0 .2rem;}
  [class*="st-key-section-"] p {
    margin: 0; padding-bottom: .15rem; border-bottom: 1px solid rgba(128, 128, 128, .3);
    font-size: .8rem; font-weight: 600; letter-spacing: .03em;
  }
  .st-key-explore-map iframe {height: max(400px, calc(100vh - 258px)) !important;}
  [data-testid="stLayoutWrapper"]:has(> .st-key-gallery), .st-key-gallery {
    height: max(420px, calc(100vh - 232px)) !important;
  }
  .st-key-place {padding: .5rem .7rem;}
  .st-key-place [data-testid="stVerticalBlock"] {gap: .1rem;}
  [class*="st-key-again-"] button, [class*="st-key-again-"] button > div {justify-content: flex-start; width: 100%;}
  .stMainBlockContainer {padding: 4.2rem 1.6rem 1rem;}
  [class*="st-key-actions-"] button {padding: 0 .18rem; min-height: 1.8rem; min-width: 0;}
  [data-testid="stLayoutWrapper"]:has(> .st-key-account) {
    position: fixed; top: .6rem; right: 7rem; width: auto; z-index: 999991;
  }
  [data-testid="stCaptionContainer"] p {margin-bottom: .3rem;}
</style>
"""


def use_style() -> None:
    """Once a run, before the page."""
    st.logo(str(LOGO), size="large")
    st.html(_CSS)
