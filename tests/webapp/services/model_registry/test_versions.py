from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.model_versions import add_accounts, register_candidate, write_weights
from tests.synthetic_uploads import error_code
from webapp.db.session import Sessions
from webapp.db.tables import AuditEntry, ModelVersion
from webapp.domain.errors import Unable
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.gate_report import GateLimits
from webapp.services.model_registry.version_files import RegisteredVersion
from webapp.services.model_registry.versions import VersionService

pytestmark = pytest.mark.both_databases


@pytest.fixture
def versions(sessions: Sessions, audit: AuditService, tmp_path: Path, tiny_weights: Path) -> VersionService:
    add_accounts(sessions)
    return VersionService(sessions, audit, tmp_path / "models", str(tiny_weights))


def candidate(
    versions: VersionService, folder: Path, version: str, *, passed: bool = True
) -> RegisteredVersion:
    return register_candidate(versions, folder, version, 100 + len(version), passed=passed)


def content(registered: RegisteredVersion) -> list[bytes]:
    return [(registered.folder / name).read_bytes() for name in ("model.safetensors", "config.json")]


def states(sessions: Sessions) -> dict[str, str]:
    with sessions() as session:
        return {row.version: row.state for row in session.scalars(select(ModelVersion))}


def test_the_first_champion_is_a_copy_of_the_settings_weights(
    versions: VersionService, tiny_weights: Path
) -> None:
    assert versions.champion() is None
    base = versions.ensure_champion()
    assert base == versions.ensure_champion() == versions.champion()
    assert base.version == "tiny-1"
    assert content(base) == [
        (tiny_weights / name).read_bytes() for name in ("model.safetensors", "config.json")
    ]


def test_promotions_and_rollbacks_are_audited_and_restore_the_same_bytes(
    versions: VersionService, sessions: Sessions, tmp_path: Path
) -> None:
    base = versions.ensure_champion()
    before = content(base)
    first = candidate(versions, tmp_path, "a")
    assert versions.promote("a", "ADA") == first == versions.champion()
    second = candidate(versions, tmp_path, "bb")
    assert versions.lineage("bb") == ["bb", "a", "tiny-1"]
    versions.promote("bb", "ada")
    assert versions.champion() == second
    assert versions.rollback("ada") == first == versions.champion()
    assert versions.rollback("ada", "tiny-1") == base == versions.champion()
    assert content(base) == before
    assert states(sessions) == {"tiny-1": "champion", "a": "rejected", "bb": "rejected"}
    assert error_code(versions.promote, "a", "ada") == "not_passed"
    assert versions.rollback("ada", "bb") == second
    with sessions() as session:
        entries = [
            entry
            for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.number))
            if entry.subject.startswith("model:")
        ]
        assert [entry.action for entry in entries] == ["model_promoted"] * 2 + ["model_rolled_back"] * 3
        assert {entry.actor[:5] for entry in entries} == {"user:"}
        details = json.loads(entries[0].details)
        assert (details["from"], details["to"]) == ("tiny-1", "a")
    # `a` stays rejected: `bb` returned by name, although it descends from `a`.
    assert states(sessions) == {"tiny-1": "retired", "a": "rejected", "bb": "champion"}


def test_each_rollback_undoes_one_change_of_champion(
    versions: VersionService, sessions: Sessions, tmp_path: Path
) -> None:
    base = versions.ensure_champion()
    assert versions.rollback_target() is None
    first = candidate(versions, tmp_path, "a")
    versions.promote("a", "ada")
    assert versions.rollback("ada") == base
    assert states(sessions) == {"tiny-1": "champion", "a": "rejected"}
    assert versions.rollback("ada", "a") == first
    assert states(sessions) == {"tiny-1": "retired", "a": "champion"}
    assert versions.rollback_target() == "tiny-1"
    assert versions.rollback("ada") == base
    assert states(sessions) == {"tiny-1": "champion", "a": "rejected"}
    # A second click does not restore the rejected version.
    assert error_code(versions.rollback, "ada") == "nothing_to_go_back_to"
    versions.rollback("ada", "a")
    second = candidate(versions, tmp_path, "bb")
    versions.promote("bb", "ada")
    assert versions.rollback("ada", "tiny-1") == base
    assert states(sessions) == {"tiny-1": "champion", "a": "retired", "bb": "rejected"}
    assert versions.rollback("ada") == second
    assert states(sessions) == {"tiny-1": "retired", "a": "retired", "bb": "champion"}
    assert versions.rollback("ada") == first
    assert versions.rollback("ada") == base
    assert versions.rollback_target() is None
    assert states(sessions) == {"tiny-1": "champion", "a": "rejected", "bb": "rejected"}
    with sessions() as session:
        for row in session.scalars(select(ModelVersion)):
            assert (row.retired_at is None) == (row.state == "champion")


def test_promotion_needs_an_admin_and_a_passed_gate(versions: VersionService, tmp_path: Path) -> None:
    base = versions.ensure_champion()
    assert error_code(versions.promote, "none", "ada") == "unknown_version"
    candidate(versions, tmp_path, "bad", passed=False)
    assert error_code(versions.promote, "bad", "ada") == "not_passed"
    candidate(versions, tmp_path, "one")
    candidate(versions, tmp_path, "other")
    for name in ("bob", "eve", ""):
        assert error_code(versions.promote, "one", name) == "not_an_admin"
        assert error_code(versions.rollback, name) in ("not_an_admin", "nothing_to_go_back_to")
    versions.promote("one", "ada")
    assert error_code(versions.promote, "one", "ada") == "answers_already"
    assert error_code(versions.promote, "other", "ada") == "other_champion"
    versions.rollback("ada")
    with pytest.raises(Unable, match="rollback --to one"):
        versions.promote("one", "ada")
    with pytest.raises(Unable, match="the gate rejected bad"):
        versions.promote("bad", "ada")
    assert versions.champion() == base


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_changed_files_are_never_served(versions: VersionService, tmp_path: Path, name: str) -> None:
    base = versions.ensure_champion()
    promoted = candidate(versions, tmp_path, "a")
    versions.promote("a", "ada")
    original = (base.folder / name).read_bytes()
    (base.folder / name).write_bytes(original + b" ")
    assert error_code(versions.rollback, "ada") == "model_changed"
    assert versions.champion() == promoted
    (base.folder / name).write_bytes(original)
    assert versions.rollback("ada") == base


def test_other_weights_of_the_settings_have_their_own_champions(
    versions: VersionService, sessions: Sessions, audit: AuditService, tmp_path: Path
) -> None:
    candidate(versions, tmp_path, "a")
    versions.promote("a", "ada")
    namesake = write_weights(tmp_path / "other", "tiny-1", 9)
    others = VersionService(sessions, audit, tmp_path / "models", str(namesake))
    assert others.champion() is None
    assert others.ensure_champion().version.startswith("tiny-1-")
    champion = versions.champion()
    assert champion is not None
    assert champion.version == "a"
    assert others.rollback_target() is None
    assert error_code(others.rollback, "ada") == "nothing_to_go_back_to"
    assert error_code(others.rollback, "ada", "tiny-1") == "nothing_to_go_back_to"


def test_a_report_stored_before_the_models_still_loads(
    versions: VersionService, sessions: Sessions, tmp_path: Path
) -> None:
    made = candidate(versions, tmp_path, "a")
    base = versions.ensure_champion()
    check = {
        "name": "auc gold",
        "passed": True,
        "candidate": 0.9,
        "champion": 0.8,
        "why": "must be better for sure",
        "low": 0.05,
        "high": 0.15,
    }
    document = {
        "passed": True,
        "candidate": {"version": "a", "sha256": made.sha256},
        "champion": {"version": base.version, "sha256": base.sha256},
        "snapshot": "s" * 32,
        "measured_at": "2026-01-02T03:04:05+00:00",
        "rules": {
            "loss": 0.02,
            "slice_loss": 0.05,
            "fewest": 15,
            "calibration": 0.0,
            "slower": 1.25,
            "bootstrap": 1000,
        },
        "checks": [check],
    }
    with sessions.begin() as session:
        session.query(ModelVersion).filter_by(version="a").one().report = json.dumps(document)
    report = versions.report("a")
    assert report is not None
    loaded = json.loads(report.to_json())
    # The limit of false alarms on whole pictures is newer than the report.
    assert loaded["rules"].pop("picture_false_alarms") == GateLimits().picture_false_alarms
    assert loaded == document
    assert versions.promote("a", "ada") == made
