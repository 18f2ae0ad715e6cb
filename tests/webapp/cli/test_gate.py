from __future__ import annotations

from tests.webapp.cli.conftest import Installation
from webapp.cli.gate import as_text
from webapp.services.model_registry.gate_report import ComparedVersion, GateCheck, GateReport


def test_an_unknown_version_is_an_error(installation: Installation) -> None:
    status, _, error = installation.run("gate", "none")
    assert status == 1
    assert error.startswith("error: unknown_version:")


def test_the_report_has_one_row_per_check() -> None:
    checks = (
        GateCheck(
            name="auc gold",
            passed=True,
            candidate=0.9,
            champion=0.8,
            why="must be better",
            low=0.05,
            high=0.15,
        ),
        GateCheck(name="other data", passed=False, candidate=None, champion=None, why="no data set is set"),
    )
    report = GateReport(
        passed=False,
        candidate=ComparedVersion(version="ft-1", sha256="a"),
        champion=ComparedVersion(version="starter", sha256="b"),
        checks=checks,
    )
    head, gold, other, outcome = as_text(report).splitlines()
    assert head.split() == ["ft-1", "starter"]
    assert gold.startswith("ok ")
    assert "0.9000" in gold
    assert gold.endswith("must be better, difference +0.0500 to +0.1500")
    assert other.startswith("FAILS other data")
    assert outcome == "it may not be promoted"
