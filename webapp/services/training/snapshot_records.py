"""Snapshots and their faces as database rows and as JSON."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from webapp.db.tables import Snapshot, SnapshotItem
from webapp.domain.iso_time import IsoTime
from webapp.services.training.snapshot_files import SnapshotFace


@dataclass(frozen=True)
class FrozenSnapshot:
    """A new snapshot.

    `real` and `fake` count its faces by label, `splits` counts them by split. `left_out` counts the cases
    without a face in the snapshot, by reason.
    """

    public_id: str
    sha256: str
    real: int
    fake: int
    splits: dict[str, int]
    left_out: dict[str, int]

    def to_json(self) -> dict[str, object]:
        counts = {"real": self.real, "fake": self.fake, **self.splits}
        return {"snapshot": self.public_id, "sha256": self.sha256, **counts, "left_out": self.left_out}


class SnapshotSummary(BaseModel):
    """Entry of a list of snapshots, with the number of faces per label and per split."""

    model_config = ConfigDict(frozen=True)

    snapshot: str
    sha256: str
    created_at: IsoTime
    state: str
    real: int
    fake: int
    train: int
    val: int
    gold: int


def item_row(face: SnapshotFace) -> SnapshotItem:
    """Return the database row of a face."""
    case = face.case
    return SnapshotItem(
        analysis_id=case.analysis_id,
        case_id=case.case_id,
        decision_id=case.decision_id,
        name=face.name,
        sha256=face.sha256,
        media_sha256=case.media.sha256,
        split=face.split,
        label=case.label,
        provenance=case.how,
    )


def snapshot_summary(row: Snapshot) -> SnapshotSummary:
    """Return the list entry for a snapshot's database row."""
    return SnapshotSummary(
        snapshot=row.public_id,
        sha256=row.sha256,
        created_at=row.created_at,
        state=row.state,
        real=row.real,
        fake=row.fake,
        train=row.train,
        val=row.val,
        gold=row.gold,
    )
