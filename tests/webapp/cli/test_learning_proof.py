from __future__ import annotations

from tests.webapp.services.drills.test_learning_proof import outcome
from webapp.cli.learning_proof import as_text


def test_the_outcome_has_one_row_per_criterion() -> None:
    lines = as_text(outcome()).splitlines()
    assert lines[:2] == ["shown  AUC rises", "NOT    it is quick"]
    assert lines[2] == "6 decisions, 31.2 minutes of fine-tuning"
    assert lines[3].startswith("AUC pairs: 0.6000 -> 0.7000 (+0.1000, 95 % +0.0200 to +0.1800), 40 faces")
