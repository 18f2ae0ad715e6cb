from __future__ import annotations

import json
from pathlib import Path

from webapp.services.training.model_cards import model_card


def test_a_card_of_weights_without_split_counts_states_the_totals(tiny_weights: Path) -> None:
    config = json.loads((tiny_weights / "config.json").read_text())
    older = {**config, "snapshot": {"id": "s" * 32, "sha256": "0" * 64, "real": 23, "fake": 28}}
    card = model_card(older, ["ft-1"], None, "me/lens")
    assert "Learned from the train part of 23 real and 28 fake faces; the gold part" in card


def test_a_card_of_weights_that_were_not_fine_tuned_refers_to_their_own_card(tiny_weights: Path) -> None:
    config = json.loads((tiny_weights / "config.json").read_text())
    card = model_card(config, ["tiny-1"], None, "me/lens")
    assert "were not fine-tuned here" in card
    assert "did not go through the gate" in card
