"""Weights and card: what is saved comes back, and what was changed on the way is refused."""

import errno
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from small_specs import DEFAULTS, spec

from graft_core.errors import ModelError
from graft_core.models.card import Card, load_card, read_card, save_card, weights_path

PROVENANCE = {"seeds": [1, 2], "top1": 0.9}
CARD = Card(spec("one"), DEFAULTS, "graft-demo", "satellite", "an encoder", "Apache-2.0", PROVENANCE)


def test_a_saved_card_comes_back_with_its_hash_and_its_weights_in_half_precision(tmp_path: Path) -> None:
    tensors = {"a": torch.randn(3, 5), "steps": torch.tensor([7])}
    saved = save_card(tmp_path / "deep" / "one", tensors, CARD)
    card, loaded = load_card(tmp_path / "deep" / "one.safetensors")
    assert card == saved == read_card(tmp_path / "deep" / "one.json")
    assert len(card.spec.weights_sha256) == 64
    assert card.defaults.templates == DEFAULTS.templates
    assert torch.equal(loaded["a"], tensors["a"].half())
    assert loaded["steps"].dtype == torch.int64
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["one.json", "one.safetensors"]


def test_other_weights_have_another_key(tmp_path: Path) -> None:
    one = save_card(tmp_path / "one", {"a": torch.zeros(2)}, CARD)
    two = save_card(tmp_path / "two", {"a": torch.ones(2)}, CARD)
    assert one.spec.key != two.spec.key


def test_a_name_with_a_dot_keeps_it(tmp_path: Path) -> None:
    save_card(tmp_path / "encoder-1.5", {"a": torch.zeros(2)}, CARD)
    assert load_card(tmp_path / "encoder-1.5.json")[0].spec.name == "one"


def test_tensors_that_share_memory_are_saved_each_for_itself(tmp_path: Path) -> None:
    whole = torch.arange(6.0)
    save_card(tmp_path / "one", {"a": whole, "b": whole[:3], "c": whole.view(2, 3).T}, CARD)
    loaded = load_card(tmp_path / "one")[1]
    assert loaded["b"].tolist() == [0, 1, 2]
    assert loaded["c"].tolist() == [[0, 3], [1, 4], [2, 5]]


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_weights_that_changed_after_saving_are_refused(tmp_path: Path, damage: str) -> None:
    save_card(tmp_path / "one", {"a": torch.randn(50)}, CARD)
    path = tmp_path / "one.safetensors"
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[-1] ^= 1
    path.write_bytes(b"" if damage == "empty" else data[:-10] if damage == "cut" else data)
    with pytest.raises(ModelError, match=r"one\.safetensors is damaged or not the file of its card: its sha256 begins"):
        load_card(path)


def test_a_file_of_another_format_is_refused_even_with_the_right_hash(tmp_path: Path) -> None:
    import hashlib

    save_card(tmp_path / "one", {"a": torch.zeros(2)}, CARD)
    (tmp_path / "one.safetensors").write_bytes(b"nothing of the kind")
    document = json.loads((tmp_path / "one.json").read_text())
    document["spec"]["weights_sha256"] = hashlib.sha256(b"nothing of the kind").hexdigest()
    (tmp_path / "one.json").write_text(json.dumps(document))
    with pytest.raises(ModelError, match="is not a safetensors file"):
        load_card(tmp_path / "one")


def change(**fields: Any) -> Callable[[dict[str, Any]], None]:
    """Sets fields of a card's JSON; None removes one."""

    def apply(document: dict[str, Any]) -> None:
        for name, value in fields.items():
            if value is None:
                del document[name]
            else:
                document[name] = value

    return apply


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (change(spec=None), "is not a card of an encoder"),
        (change(format=99), "has format 99, this version reads 1"),
        (change(holds="everything"), "holds is 'everything'"),
        (change(unknown_field=1), "is not a card of an encoder"),
        (change(spec={"name": "one"}), "is not a card of an encoder"),
    ],
)
def test_a_card_that_does_not_say_everything_is_refused(
    tmp_path: Path, edit: Callable[[dict[str, Any]], None], message: str
) -> None:
    save_card(tmp_path / "one", {"a": torch.zeros(2)}, CARD)
    document = json.loads((tmp_path / "one.json").read_text())
    edit(document)
    (tmp_path / "one.json").write_text(json.dumps(document))
    with pytest.raises(ModelError, match=message):
        read_card(tmp_path / "one")


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"No card at .*one\.json"):
        read_card(tmp_path / "one.safetensors")
    save_card(tmp_path / "one", {"a": torch.zeros(2)}, CARD)
    weights_path(tmp_path / "one").unlink()
    with pytest.raises(ModelError, match=r"No weights at .*one\.safetensors"):
        load_card(tmp_path / "one")


def test_text_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(ModelError, match="is not a card"):
        read_card(tmp_path / "one")


@pytest.mark.parametrize("value", [float("nan"), 1e6])
def test_weights_that_half_precision_cannot_hold_are_not_saved(tmp_path: Path, value: float) -> None:
    with pytest.raises(ModelError, match="'one' is not finite in float16"):
        save_card(tmp_path / "one", {"a": torch.tensor([value])}, CARD)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_files_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_card(tmp_path / "one", {"a": torch.zeros(2)}, CARD)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ModelError, match=r"one\.safetensors cannot be written \(No space left on device\): free some"):
        save_card(tmp_path / "one", {"a": torch.ones(2)}, replace(CARD, what="new"))
    monkeypatch.undo()
    assert load_card(tmp_path / "one")[1]["a"].tolist() == [0, 0]
    assert len(list(tmp_path.iterdir())) == 2
