"""Lies, puppets and copies, in installations made for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.cli.poison_drill import _installed, as_text, drill
from webapp.services.learning import poison
from webapp.settings import Settings


def test_ten_thousand_puppets_and_mislabelled_copies_teach_nothing(tmp_path: Path) -> None:
    weights, other = poison.prepare(tmp_path)
    with _installed(Settings(), tmp_path / "puppets", weights, other) as made:
        assert poison.puppets(made, 10_000) == {"votes": 10_000, "training_rows": 0}
    with _installed(Settings(), tmp_path / "copies", weights, other) as made:
        found = poison.copies(made, poison.Size(faces=30, copies=5))
    assert found["copies"] == 5
    assert (found["learned_from"], found["in_gold"]) == (0, 5)


@pytest.mark.proof
def test_every_defence_holds(tmp_path: Path) -> None:
    outcome = drill(Settings(), poison.Size())
    assert outcome["held"], as_text(outcome)
