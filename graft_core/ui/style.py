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
  .st-key-segment-map iframe {height: max(400px, calc(100vh - 334px)) !important;}
  .st-key-classify-map iframe {height: max(400px, calc(100vh - 190px)) !important;}
  .graft-areas {width: 100%; border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums;}
  .graft-areas th {font-weight: 600; font-size: .75rem; opacity: .75;}
  .graft-areas td, .graft-areas th {
    padding: .22rem .3rem; text-align: left; border-bottom: 1px solid rgba(128, 128, 128, .2);
  }
  .graft-areas td:nth-child(n + 3), .graft-areas th:nth-child(n + 3) {text-align: right;}
  [data-testid="stLayoutWrapper"]:has(> .st-key-gallery), .st-key-gallery {
    height: max(420px, calc(100vh - 232px)) !important;
  }
  .st-key-click-tools {min-height: 2.5rem;}
  [data-testid="stLayoutWrapper"]:has(> .st-key-click-tools) + [data-testid="stElementContainer"] {
    margin: -.7rem 0 -.4rem;
  }
  .st-key-chosen {padding: .5rem .7rem;}
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
