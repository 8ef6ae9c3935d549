import re

import pytest

from graft_core.models.registry import find_model, list_models
from graft_core.ui.library.encoder_cards import RECOMMENDED, card_of, facts, told_of


def test_shipped_encoder_says_what_it_is_for_and_where_it_comes_from() -> None:
    entry = find_model("graft-demo-naip")
    found = facts(entry)
    assert found["Imagery"] == "NAIP"
    assert found["Input"] == "128 x 128 px at 1 m, so 128 m"
    assert found["Licence"] == "Apache-2.0"
    assert re.fullmatch("`[0-9a-f]{64}`", found["SHA-256"])
    assert "By hand" not in found
    card = card_of(entry)
    assert card is not None
    told = dict(told_of(card.provenance))
    assert told["training seeds"] == "1000, 1047"
    assert told["encoder learning rate"] == "0.0005"
    assert not any("top1" in name for name in told), "figures stand apart"


def test_recommended_weights_can_be_fetched_and_say_how() -> None:
    entry = find_model(RECOMMENDED)
    assert entry.size_bytes
    assert any(wanted.sources for wanted in entry.files)
    found = facts(entry)
    assert found["Size"] == "605 MB"
    assert f"fetch {RECOMMENDED}" in found["By hand"]
    assert "Hugging Face" in found["Comes from"]


@pytest.mark.parametrize("entry", list_models(), ids=lambda entry: entry.name)
def test_every_entry_has_a_card_without_empty_lines(entry) -> None:
    assert all(facts(entry).values())
    assert facts(entry)["Licence"]
