"""Where things are on our own port, whatever path a proxy puts the application under."""

import streamlit as st


def base_path() -> str:
    """``server.baseUrlPath`` as the beginning of an address: empty, or ``/some/path``."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def tiles_prefix() -> str:
    """Where the map tiles are. Streamlit does not put routes of ours under its base path."""
    return f"{base_path()}/rasters"
