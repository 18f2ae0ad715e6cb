"""Construction of the moderators' services."""

from __future__ import annotations

from datetime import timedelta

from webapp.bootstrap.cases import rules_of
from webapp.settings import Settings


def test_percentages_become_fractions() -> None:
    rules = rules_of(Settings(labels=3, audit_share=10, case_uncertain=0.25, case_age=2))
    assert (rules.wanted, rules.audit_share, rules.uncertain, rules.age) == (3, 0.1, 0.25, timedelta(days=2))
