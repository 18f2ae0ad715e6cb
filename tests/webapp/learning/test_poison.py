"""Lies, puppets and copies, in installations made for them."""

from __future__ import annotations

from typing import Any

import pytest

from webapp.cli.poison_drill import MAY_DIFFER, as_text, drill
from webapp.services.learning import poison
from webapp.settings import Settings


def must_hold(outcome: dict[str, Any]) -> None:
    """Said again by the figures themselves, not by what the drill makes of them."""
    clean, some, many = outcome["flipped"]
    told = as_text(outcome)
    assert [row["share"] for row in outcome["flipped"]] == [0.0, 0.1, 0.4]
    assert clean["passed"], told
    assert clean["auc"] > 0.9, told  # there was something to be spoilt
    assert some["auc"] >= clean["auc"] - MAY_DIFFER, told
    assert not many["passed"], told
    assert "auc gold" in many["failed"], told
    assert outcome["puppets"] == {"votes": 10_000, "training_rows": 0}
    assert outcome["copies"]["copies"] == outcome["copies"]["in_gold"] > 0
    assert outcome["copies"]["learned_from"] == 0
    assert outcome["held"], told


def test_every_defence_holds_at_small_size() -> None:
    must_hold(drill(Settings(), poison.SMALL))


@pytest.mark.proof
def test_every_defence_holds() -> None:
    must_hold(drill(Settings(), poison.Size()))
