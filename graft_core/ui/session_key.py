"""The key under which what a session keeps on disk lies: in the page's address, so that a refresh finds it again."""

import re
import secrets

import streamlit as st

_KEY = re.compile(r"[0-9a-f]{12}")


def session_key(name: str, *, new: bool) -> str | None:
    """As the address says under this name, else as this session had it before; None before the first.

    Args:
        name: of what is kept.
        new: whether to begin one where there is none.
    """
    told = st.query_params.get(name) or st.session_state.get(name)
    key = told if told and _KEY.fullmatch(told) else None
    if key is None and new:
        key = secrets.token_hex(6)
    if key is not None:
        st.session_state[name] = key
        if st.query_params.get(name) != key:
            st.query_params[name] = key
    return key
