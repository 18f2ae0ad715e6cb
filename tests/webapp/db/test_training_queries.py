"""Queries of snapshots, runs and model versions, on a database with a decided case."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.db import training_queries as queries
from webapp.db.tables import Analysis, Case, Decision, ModelVersion, Snapshot, SnapshotItem
from webapp.domain.clock import now
from webapp.domain.enums import ModelState, SnapshotState


def frozen(session: Session) -> Snapshot:
    decision = session.scalars(select(Decision)).one()
    item = SnapshotItem(
        analysis_id=decision.case.items[0].analysis_id,
        case_id=decision.case_id,
        decision_id=decision.id,
        name="face",
        sha256="a" * 64,
        media_sha256="b" * 64,
        split="train",
        label="real",
        provenance="agreement",
    )
    snapshot = Snapshot(
        public_id="c" * 32,
        sha256="d" * 64,
        created_at=now(),
        state=SnapshotState.FROZEN,
        **{"real": 1, "fake": 0, "train": 1, "val": 0, "gold": 0},
        items=[item],
    )
    session.add(snapshot)
    session.flush()
    return snapshot


def test_decided_item_with_stored_file(session: Session) -> None:
    ((decision, item),) = queries.decided_items(session, now())
    assert decision.value == "real"
    assert queries.are_items_intact(session, [item.analysis_id], [decision.id])
    assert not queries.are_items_intact(session, [item.analysis_id], [decision.id + 1])
    assert queries.near_duplicate_pairs(session, [item.analysis]) == [(item.analysis_id, item.analysis_id)]


def test_snapshot_becomes_stale_with_its_case(session: Session) -> None:
    snapshot = frozen(session)
    assert queries.newest_snapshot(session) is snapshot
    assert queries.snapshot_by_public_id(session, "c" * 32) is snapshot
    assert queries.counts_by_split(session, snapshot)["train"] == {"real": 1, "fake": 0}
    assert queries.previous_splits(session) == {snapshot.items[0].analysis_id: "train"}
    assert not queries.is_stale(session, snapshot)
    session.delete(session.get_one(Case, snapshot.items[0].case_id))
    session.flush()
    session.expire_all()
    assert queries.is_stale(session, snapshot)
    assert queries.delete_orphaned_items(session) == ["c" * 32]
    assert queries.frozen_snapshot_ids(session) == set()
    assert queries.newest_snapshot(session) is None


def test_champion_of_a_source(session: Session) -> None:
    analysis = session.scalars(select(Analysis)).first()
    assert analysis is not None
    version = ModelVersion(
        version="1",
        source="starter",
        sha256=analysis.model_sha256,
        config_sha256="e" * 64,
        state=ModelState.CHAMPION,
        created_at=now(),
    )
    session.add(version)
    session.flush()
    assert queries.champion(session, "starter") is version
    assert queries.champion(session, "other") is None
    assert queries.version_by_name(session, "1") is version
    assert queries.version_by_sha256(session, analysis.model_sha256) is version
    assert queries.last_champion_change(session, "starter") is None
    assert list(queries.all_versions(session)) == [version]
