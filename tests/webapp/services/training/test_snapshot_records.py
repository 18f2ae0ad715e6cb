from __future__ import annotations

from tests.snapshot_faces import MOMENT, snapshot_face
from webapp.db.tables import Snapshot
from webapp.domain.enums import SnapshotState, Split
from webapp.services.training.snapshot_records import FrozenSnapshot, item_row, snapshot_summary


def test_the_row_of_a_face_refers_to_its_case_and_decision() -> None:
    row = item_row(snapshot_face("c1-0", Split.GOLD))
    assert (row.analysis_id, row.case_id, row.decision_id) == (3, 1, 7)
    assert (row.name, row.split, row.label, row.provenance) == ("c1-0", "gold", "real", "agreement")
    assert row.media_sha256 == "e" * 64


def test_json_has_counts_by_label_and_split() -> None:
    splits = {"train": 3, "val": 1, "gold": 1}
    frozen = FrozenSnapshot("5" * 32, "a" * 64, 3, 2, splits, {"unreadable": 1})
    document = {"snapshot": "5" * 32, "sha256": "a" * 64, "real": 3, "fake": 2, **splits}
    assert frozen.to_json() == {**document, "left_out": {"unreadable": 1}}
    row = Snapshot(
        public_id="5" * 32,
        sha256="a" * 64,
        created_at=MOMENT,
        state=SnapshotState.STALE,
        real=3,
        fake=2,
        **splits,
    )
    expected = {**document, "created_at": "2026-01-02T03:04:05+00:00", "state": "stale"}
    assert snapshot_summary(row).model_dump(mode="json") == expected
