"""Published embeddings for the library: where their files lie, and which encoder made them."""

import streamlit as st

from graft_core.io.embedding_files import open_embeddings
from graft_core.models.registry import list_models, load_encoder
from graft_core.serve.jobs import start_job
from graft_core.tasks.import_embeddings import check_fits

MAJOR_TOM = "siglip-so400m-14-384"
"""Encoder of the largest set in circulation."""


def by_embeddings() -> None:
    """Files are looked into first, so that what is wrong is said at once; then a job reads them."""
    added = st.session_state.get("embeddings-added", 0)  # what was added is cleared, what was refused stays
    models = {model.name: model.present for model in list_models() if model.kind == "encoder" and model.level == "tile"}
    names = sorted((name for name, present in models.items() if present), key=lambda name: name != MAJOR_TOM)
    with st.form("by-embeddings", border=False):
        source = st.text_input(
            "File or folder of embeddings",
            key=f"embeddings-{added}",
            placeholder="File, folder or pattern: /data/Core-S2RGB-SigLIP/*.parquet",
            label_visibility="collapsed",
        ).strip()
        left, right = st.columns(2)
        encoder = left.selectbox("Made by", names, key="encoder-of-embeddings")
        column = right.text_input(
            "Column", key=f"column-{added}", placeholder="found by itself", help="Only where several hold vectors."
        ).strip()
        st.caption(
            "GeoParquet with a vector a row, as Major TOM publishes it: maps of a continent without imagery or GPU."
            + ("" if models.get(MAJOR_TOM) else f" For Major TOM's SigLIP set, fetch {MAJOR_TOM} below.")
        )
        wanted = st.form_submit_button("Import", icon=":material/database_upload:", type="primary")
    if wanted and source and encoder:
        with st.spinner("Looking into the files"):
            found = open_embeddings([source], column or None)
            check_fits(found, load_encoder(encoder).spec)
        arguments = {"files": [source], "encoder": encoder, "column": column or None}
        start_job("embeddings", f"Import {found.rows:,} embeddings by {encoder}", arguments)
        st.session_state["embeddings-added"] = added + 1
        st.rerun()
    elif wanted:
        st.info("Type or paste where the embeddings are.", icon=":material/edit:")
