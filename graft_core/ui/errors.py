"""The one place where an expected failure becomes a sentence on the page."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from graft_core.errors import GraftError


@contextmanager
def told() -> Iterator[None]:
    """Show a GraftError as its sentence and leave out the rest of the block; everything else goes its way."""
    try:
        yield
    except GraftError as error:
        st.error(str(error), icon=":material/error:")
