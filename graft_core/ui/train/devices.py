"""Devices of this machine, for people."""

import streamlit as st

from graft_core.serve.queue import may_have_gpu


@st.cache_resource(show_spinner=False)
def device_names() -> dict[str, str]:
    """What each device is called, by what the training takes; torch is asked only where there may be a GPU."""
    found = {"auto": "auto", "cpu": "CPU"}
    if may_have_gpu():
        import torch

        for number in range(torch.cuda.device_count()):
            found[f"cuda:{number}"] = f"cuda:{number}, {torch.cuda.get_device_name(number)}"
    return found
