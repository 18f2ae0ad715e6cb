from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from webapp.services.model_registry.gate_report import ComparedVersion, GateCheck, GateLimits, GateReport


def test_a_report_survives_json_with_the_keys_of_stored_reports() -> None:
    check = GateCheck(name="other data", passed=False, candidate=None, champion=None, why="was not measured")
    report = GateReport(
        passed=False,
        candidate=ComparedVersion(version="ft-1", sha256="a"),
        champion=ComparedVersion(version="starter", sha256="b"),
        snapshot="s",
        measured_at="2026-01-02T03:04:05+00:00",
        rules=GateLimits(auc_loss=0.3, min_subgroup_faces=4),
        checks=(check,),
    )
    document = json.loads(report.to_json())
    assert document["rules"]["loss"] == 0.3
    assert document["rules"]["fewest"] == 4
    assert document["checks"][0] == {
        "name": "other data",
        "passed": False,
        "candidate": None,
        "champion": None,
        "why": "was not measured",
        "low": None,
        "high": None,
    }
    assert GateReport.from_json(report.to_json()) == report


def test_a_document_without_an_outcome_is_refused() -> None:
    with pytest.raises(ValidationError):
        GateReport.from_json('{"candidate": {"sha256": "a"}, "champion": {"sha256": "b"}}')
