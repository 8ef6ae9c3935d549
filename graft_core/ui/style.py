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
  .st-key-find-map iframe {height: max(400px, calc(100vh - 200px)) !important;}
  .stMain:has(.st-key-found) .st-key-find-map iframe {height: max(240px, calc(100vh - 490px)) !important;}
  [class*="st-key-find-form-"] [data-testid="stVerticalBlock"], .st-key-get-images {gap: .5rem;}
  .st-key-ask-map iframe {height: max(400px, calc(100vh - 196px)) !important;}
  [data-testid="stLayoutWrapper"]:has(> .st-key-answers), .st-key-answers {
    height: max(400px, calc(100vh - 196px)) !important;
  }
  [class*="st-key-program-"] textarea {font-family: "Source Code Pro", monospace; font-size: .82rem; line-height: 1.45;}
  .st-key-answer {padding: .7rem .8rem; gap: .7rem;}
  .st-key-answer-steps {gap: .45rem;}
  .graft-asked {font-size: .85rem; opacity: .75;}
  .graft-said {font-size: 1.3rem; font-weight: 600; line-height: 1.3; margin: .1rem 0 .3rem;}
  .graft-about {display: flex; flex-wrap: wrap; gap: .1rem 1rem; font-size: .8rem;}
  .graft-about > span:last-child {opacity: .75;}
  .graft-sure {white-space: nowrap; font-weight: 600;}
  .graft-sure i {
    display: inline-block; width: .5rem; height: .5rem; margin-right: .15rem; border: 1px solid currentColor;
    border-radius: .1rem;
  }
  .graft-sure i.graft-full {background: currentColor;}
  [class*="st-key-step-"] {flex-wrap: nowrap !important; gap: .5rem !important;}
  [class*="st-key-step-"] > :nth-child(2) {min-width: 0;}
  [class*="st-key-step-"] button {min-height: 1.6rem; padding: 0 .1rem;}
  .graft-step {
    display: grid; grid-template-columns: 1.1rem auto 1fr; gap: 0 .4rem; align-items: baseline; font-size: .85rem;
  }
  .graft-step code {font-size: .8rem; overflow-wrap: anywhere; background: none; padding: 0; color: inherit;}
  .graft-step p {
    grid-column: 3; margin: 0; font-size: .85rem; display: flex; gap: .6rem; justify-content: space-between;
  }
  .graft-step time {opacity: .7; font-variant-numeric: tabular-nums; white-space: nowrap;}
  .graft-step i {display: inline-block; width: .75rem; height: .75rem; border-radius: .15rem; margin-right: .2rem;}
  [class*="st-key-closed-"] button {min-height: 1.5rem;}
  .graft-earlier {font-size: .85rem; padding-left: .1rem; opacity: .85;}
  .graft-earlier .graft-sure {font-weight: 400; font-size: .78rem; margin-left: .5rem;}
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
