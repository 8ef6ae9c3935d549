"""Devices are chosen by name."""

import pytest
import torch

from graft_core.errors import ModelError
from graft_core.models.device import hardware_name, inference, pick_device


def test_auto_is_the_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device().type == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device().type == "cpu"


def test_what_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelError, match="no GPU 'cuda' that torch can use"):
        pick_device("cuda")
    with pytest.raises(ModelError, match="'quantum' is not a device"):
        pick_device("quantum")


def test_inference_on_a_cpu_keeps_single_precision_and_no_gradients() -> None:
    with inference(torch.device("cpu")):
        assert not torch.is_autocast_enabled("cpu")
        assert torch.is_inference_mode_enabled()


def test_a_card_names_the_processor_and_its_threads() -> None:
    name, _, threads = hardware_name(torch.device("cpu")).rpartition(", ")
    assert name.removeprefix("CPU ").strip()
    assert threads.split()[0] == str(torch.get_num_threads())
