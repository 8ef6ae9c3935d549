"""How the tiles of the scenes match, and where the threshold cuts them."""

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from graft_core.ui.cached import Answer

BINS = 40


def show_histogram(answer: Answer, threshold: float | None) -> None:
    """Tiles by match probability on a logarithmic scale, for most tiles match next to nothing."""
    matches = np.concatenate([made.scores.probability for made in answer.maps])
    counts, edges = np.histogram(matches[np.isfinite(matches)], bins=BINS, range=(0, 1))
    table = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "tiles": counts})
    bars = (
        alt.Chart(table[table["tiles"] > 0])
        .mark_bar(color="#2a788e")
        .encode(
            x=alt.X("from:Q", bin="binned", title="match probability", scale=alt.Scale(domain=(0, 1))),
            x2="to:Q",
            y=alt.Y("tiles:Q", scale=alt.Scale(type="symlog"), title="tiles"),
            tooltip=["from", "to", "tiles"],
        )
    )
    layers = [bars]
    if threshold is not None:
        layers.append(alt.Chart(pd.DataFrame({"at": [threshold]})).mark_rule(color="#d1495b", size=2).encode(x="at:Q"))
    st.altair_chart(alt.layer(*layers).properties(height=220), width="stretch")
    shares = (
        "expected share of matching area" if threshold is None else f"tiles that match with {threshold:.0%} or more"
    )
    st.caption(f"{len(matches):,} tiles; the map shows the {shares}.")
