from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from sqlalchemy import select

from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import save_weights
from tests.core.conftest import TINY
from tests.webapp.learning.test_snapshots import code
from webapp.db.session import Sessions
from webapp.db.tables import Account, AuditEntry, ModelVersion
from webapp.domain.clock import now
from webapp.domain.enums import ModelState, Role
from webapp.domain.errors import Unable
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.versions import Standing, VersionService

pytestmark = pytest.mark.both_databases


@pytest.fixture
def versions(sessions: Sessions, audit: AuditService, tmp_path: Path, tiny_weights: Path) -> VersionService:
    with sessions.begin() as session:
        session.add_all(
            [
                Account(name=name, role=role, created_at=now())
                for name, role in (("ada", Role.ADMIN), ("bob", Role.MODERATOR))
            ]
        )
    return VersionService(sessions, audit, tmp_path / "models", str(tiny_weights))


def candidate(versions: VersionService, tmp_path: Path, name: str, *, passed: bool = True) -> Standing:
    """Other weights that were measured against the champion."""
    base = versions.base()
    torch.manual_seed(100 + len(name))
    save_weights(LAANet(TINY), tmp_path / name, version=name)
    made = versions.register(tmp_path / name, name, state=ModelState.CANDIDATE, parent_sha256=base.sha256)
    report = {"passed": passed, "champion": {"sha256": base.sha256}, "candidate": {"sha256": made.sha256}}
    versions.note(name, report)
    return made


def content(standing: Standing) -> list[bytes]:
    return [(standing.folder / name).read_bytes() for name in ("model.safetensors", "config.json")]


def test_the_first_champion_is_what_the_host_named_byte_for_byte(
    versions: VersionService, tiny_weights: Path
) -> None:
    assert versions.champion() is None
    base = versions.base()
    assert base == versions.base() == versions.champion()
    assert base.version == "tiny-1"
    assert content(base) == [
        (tiny_weights / name).read_bytes() for name in ("model.safetensors", "config.json")
    ]


def test_promotion_and_rollback_are_told_and_give_the_same_bytes_back(
    versions: VersionService, sessions: Sessions, tmp_path: Path
) -> None:
    base = versions.base()
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
    assert code(versions.promote, "a", "ada") == "not_passed"
    assert versions.rollback("ada", "bb") == second  # named, it may come back
    with sessions() as session:
        told = [
            entry
            for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.number))
            if entry.subject.startswith("model:")
        ]
        assert [entry.action for entry in told] == ["model_promoted"] * 2 + ["model_rolled_back"] * 3
        assert {entry.actor[:5] for entry in told} == {"user:"}
        assert json.loads(told[0].details)["to"] == "a"
    assert states(sessions) == {
        "tiny-1": "retired",
        "a": "rejected",
        "bb": "champion",
    }  # the second one descends from the first


def states(sessions: Sessions) -> dict[str, str]:
    with sessions() as session:
        return {row.version: row.state for row in session.scalars(select(ModelVersion))}


def test_one_click_takes_back_the_last_change_whatever_it_was(
    versions: VersionService, sessions: Sessions, tmp_path: Path
) -> None:
    """Promotions and ways back to a version that was named; each click one change further, to the first version and no further."""
    base = versions.base()
    assert versions.before() is None
    first = candidate(versions, tmp_path, "a")
    versions.promote("a", "ada")
    assert versions.rollback("ada") == base
    assert states(sessions) == {"tiny-1": "champion", "a": "rejected"}
    assert versions.rollback("ada", "a") == first
    assert states(sessions) == {"tiny-1": "retired", "a": "champion"}
    assert versions.before() == "tiny-1"
    assert versions.rollback("ada") == base
    assert states(sessions) == {"tiny-1": "champion", "a": "rejected"}
    assert (
        code(versions.rollback, "ada") == "nothing_to_go_back_to"
    )  # a second click does not bring back what was rejected
    versions.rollback("ada", "a")
    second = candidate(versions, tmp_path, "bb")
    versions.promote("bb", "ada")
    assert versions.rollback("ada", "tiny-1") == base
    assert states(sessions) == {"tiny-1": "champion", "a": "retired", "bb": "rejected"}
    assert versions.rollback("ada") == second
    assert states(sessions) == {"tiny-1": "retired", "a": "retired", "bb": "champion"}
    assert versions.rollback("ada") == first
    assert versions.rollback("ada") == base
    assert versions.before() is None
    assert states(sessions) == {"tiny-1": "champion", "a": "rejected", "bb": "rejected"}
    with sessions() as session:
        assert all(
            (row.retired_at is None) == (row.state == "champion")
            for row in session.scalars(select(ModelVersion))
        )


def test_what_may_not_be_promoted_is_not(versions: VersionService, tmp_path: Path) -> None:
    base = versions.base()
    assert code(versions.promote, "none", "ada") == "unknown_version"
    candidate(versions, tmp_path, "bad", passed=False)
    assert code(versions.promote, "bad", "ada") == "not_passed"
    candidate(versions, tmp_path, "one")
    candidate(versions, tmp_path, "other")
    for nobody in ("bob", "eve", ""):
        assert code(versions.promote, "one", nobody) == "not_an_admin"
        assert code(versions.rollback, nobody) in ("not_an_admin", "nothing_to_go_back_to")
    versions.promote("one", "ada")
    assert code(versions.promote, "one", "ada") == "answers_already"
    assert code(versions.promote, "other", "ada") == "other_champion"
    versions.rollback("ada")
    with pytest.raises(Unable, match="one answered before; `rollback --to one`"):
        versions.promote("one", "ada")
    with pytest.raises(Unable, match="the gate stopped bad"):
        versions.promote("bad", "ada")
    assert versions.champion() == base


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_changed_files_are_never_promoted_or_gone_back_to(
    versions: VersionService, tmp_path: Path, name: str
) -> None:
    base = versions.base()
    made = candidate(versions, tmp_path, "a")
    versions.promote("a", "ada")
    kept = (base.folder / name).read_bytes()
    (base.folder / name).write_bytes(kept + b" ")
    assert code(versions.rollback, "ada") == "model_changed"
    assert versions.champion() == made
    (base.folder / name).write_bytes(kept)
    assert versions.rollback("ada") == base


def test_other_weights_of_the_host_have_champions_of_their_own(
    versions: VersionService, sessions: Sessions, audit: AuditService, tmp_path: Path
) -> None:
    candidate(versions, tmp_path, "a")
    versions.promote("a", "ada")
    torch.manual_seed(9)
    save_weights(LAANet(TINY), tmp_path / "other", version="tiny-1")  # of the same name, too
    others = VersionService(sessions, audit, tmp_path / "models", str(tmp_path / "other"))
    assert others.champion() is None
    assert others.base().version.startswith("tiny-1-")
    champion = versions.champion()
    assert champion is not None
    assert champion.version == "a"
    assert others.before() is None
    assert code(others.rollback, "ada") == "nothing_to_go_back_to"
    assert code(others.rollback, "ada", "tiny-1") == "nothing_to_go_back_to"  # of the other line
