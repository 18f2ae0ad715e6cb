"""Snapshots of the decided cases: creation, verification, and removal after deletions."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from laanet_core.media.reader import IN_PROCESS, Reader
from webapp.db import training_queries as queries
from webapp.db.audit_chain import Event
from webapp.db.session import Sessions
from webapp.db.tables import Snapshot
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor, LabelValue, SnapshotState, Split
from webapp.domain.errors import Unable
from webapp.domain.ids import new_id
from webapp.services.audit.log import AuditService
from webapp.services.storage.kept_media import GRACE, KeptMediaService
from webapp.services.storage.snapshot_folders import SnapshotFolders
from webapp.services.training.decided_cases import SnapshotSource, read_decided_cases
from webapp.services.training.face_cropping import FindLandmarks
from webapp.services.training.snapshot_files import SnapshotFace, write_crop, write_index
from webapp.services.training.snapshot_index import verify_files
from webapp.services.training.snapshot_records import (
    FrozenSnapshot,
    SnapshotSummary,
    item_row,
    snapshot_summary,
)
from webapp.services.training.splits import assign_splits, count_splits, group_near_duplicates


class SnapshotService:
    """Snapshots of one installation.

    `landmarks` loads the landmark detector; only `freeze` calls it. `reader` decodes the stored media files.
    Only decisions older than `delay` are used.
    """

    def __init__(
        self,
        sessions: Sessions,
        audit: AuditService,
        keeping: KeptMediaService,
        folders: SnapshotFolders,
        *,
        landmarks: Callable[[], FindLandmarks],
        reader: Reader = IN_PROCESS,
        delay: timedelta = timedelta(minutes=10),
    ) -> None:
        self.folders = folders
        self._sessions = sessions
        self._audit = audit
        self._keeping = keeping
        self._reader = reader
        self._landmarks = landmarks
        self._delay = delay

    def freeze(self) -> FrozenSnapshot:
        """Make a snapshot of the decided cases.

        Raises NoLandmarkDetector, and Unable: nothing_decided, or snapshot_raced if an item was deleted or
        its decision was undone meanwhile.
        """
        find_landmarks = self._landmarks()
        with self._sessions() as session:
            source = read_decided_cases(session, now() - self._delay)
        public_id = new_id()
        left_out = Counter[str]()
        folder = self.folders.of(public_id)
        folder.mkdir(parents=True)
        try:
            faces = self._write_faces(folder, source, find_landmarks, left_out)
            if not faces:
                raise Unable("nothing_decided", _why_empty(left_out))
            sha256 = write_index(folder, public_id, faces, left_out)
            return self._store(public_id, sha256, faces, dict(left_out))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def verify(self, public_id: str) -> Path:
        """Return a snapshot's folder after hashing every file.

        Raises Unable: unknown_snapshot, stale_snapshot, snapshot_changed.
        """
        sha256 = self.require_fresh(public_id)
        folder = self.folders.of(public_id)
        verify_files(folder, sha256)
        return folder

    def require_fresh(self, public_id: str) -> str:
        """Return the sha256 of a snapshot if no item was deleted and no decision was undone since.

        Also removes the folders of all snapshots that have become stale. Raises Unable: unknown_snapshot,
        stale_snapshot.
        """
        with self._sessions.begin() as session:
            snapshot = queries.snapshot_by_public_id(session, public_id)
            if snapshot is None:
                raise Unable("unknown_snapshot", f"there is no snapshot {public_id}")
            stale = queries.delete_orphaned_items(session)
            session.refresh(snapshot)
            if queries.is_stale(session, snapshot):
                snapshot.state = SnapshotState.STALE
                stale.append(public_id)
            state, sha256 = snapshot.state, snapshot.sha256
        self.folders.remove(stale)
        if state == SnapshotState.STALE:
            message = f"an item of the snapshot {public_id} was deleted or undone; freeze a new one"
            raise Unable("stale_snapshot", message)
        return sha256

    def require_unseen_gold(self, public_id: str) -> None:
        """Raise Unable with gold_was_learned if a file in gold was in train or val of any snapshot."""
        with self._sessions() as session:
            if queries.was_gold_trained_on(session, public_id):
                message = f"faces in the gold split of {public_id} were in train or val of a snapshot"
                raise Unable("gold_was_learned", message)

    def newest(self) -> str:
        """Return the id of the newest snapshot that is not stale. Raises Unable: unknown_snapshot."""
        with self._sessions() as session:
            snapshot = queries.newest_snapshot(session)
        if snapshot is None:
            message = "there is no snapshot that is not stale; freeze one with --new-snapshot"
            raise Unable("unknown_snapshot", message)
        return snapshot.public_id

    def summaries(self, limit: int = 20) -> list[SnapshotSummary]:
        """Return the newest snapshots, newest first."""
        with self._sessions() as session:
            return [snapshot_summary(snapshot) for snapshot in queries.recent_snapshots(session, limit)]

    def sweep(self) -> list[str]:
        """Remove stale snapshots with their cached predictions, and leftover folders of crashes.

        Return the names of the leftover folders, which belong to no frozen snapshot.
        """
        with self._sessions.begin() as session:
            stale = queries.delete_orphaned_items(session)
            known = queries.frozen_snapshot_ids(session)
        self.folders.remove(stale)
        return self.folders.sweep(known, now() - GRACE)

    def _write_faces(
        self,
        folder: Path,
        source: SnapshotSource,
        find_landmarks: FindLandmarks,
        left_out: Counter[str],
    ) -> list[SnapshotFace]:
        """Write the crops of all cases. Count the cases without crops in `left_out`, by reason."""
        # They need torch, which lists of snapshots do without.
        from laanet_core.faces.detector import FaceDetector
        from laanet_core.faces.quality import FaceAssessor
        from webapp.services.training.case_crops import CaseCropper

        files = {case.analysis_id: case.source for case in source.cases}
        groups = group_near_duplicates(files, source.near_duplicates)
        splits = assign_splits(groups, source.earlier_splits)
        cropper = CaseCropper(self._keeping, self._reader, FaceAssessor(FaceDetector()))
        faces: list[SnapshotFace] = []
        for case in source.cases:
            split = splits[case.analysis_id]
            group = groups[case.analysis_id]
            if split is None:
                left_out["between_parts"] += 1
                continue
            if not case.faces:
                left_out["no_one_face"] += 1
                continue
            crops = cropper.crop(case, find_landmarks)
            if not crops:
                left_out["unreadable"] += 1
            for number, crop in enumerate(crops):
                name = f"{case.case}-{number}"
                sha256, region_sha256 = write_crop(folder, name, crop)
                faces.append(
                    SnapshotFace(
                        name=name,
                        sha256=sha256,
                        region_sha256=region_sha256,
                        landmarks=crop.landmarks,
                        case=case,
                        split=split,
                        group=group,
                    )
                )
        return faces

    def _store(
        self, public_id: str, sha256: str, faces: list[SnapshotFace], left_out: dict[str, int]
    ) -> FrozenSnapshot:
        """Store the rows of a snapshot. Raises Unable: snapshot_raced if an item was deleted or undone."""
        labels = [face.case.label for face in faces]
        real = labels.count(LabelValue.REAL)
        fake = labels.count(LabelValue.FAKE)
        splits = count_splits([face.split for face in faces])
        row = Snapshot(
            public_id=public_id,
            sha256=sha256,
            created_at=now(),
            state=SnapshotState.FROZEN,
            real=real,
            fake=fake,
            train=splits[Split.TRAIN],
            val=splits[Split.VAL],
            gold=splits[Split.GOLD],
            items=[item_row(face) for face in faces],
        )
        details = {"sha256": sha256, "items": len(faces)}
        event = Event(Actor.SYSTEM, Action.SNAPSHOT_FROZEN, f"snapshot:{public_id}", details)
        analyses = {face.case.analysis_id for face in faces}
        decisions = {face.case.decision_id for face in faces}
        try:
            with self._audit.transaction() as (session, record):
                queries.lock_training(session)
                if not queries.are_items_intact(session, analyses, decisions):
                    raise _raced()
                session.add(row)
                record(event)
        except IntegrityError as error:
            raise _raced() from error
        return FrozenSnapshot(public_id, sha256, real=real, fake=fake, splits=splits, left_out=left_out)


def _why_empty(left_out: Counter[str]) -> str:
    reasons = "".join(f"; left out: {reason} {count}" for reason, count in left_out.items())
    return f"no case gives a face; it needs a kept file and a final decision for real or fake{reasons}"


def _raced() -> Unable:
    return Unable("snapshot_raced", "an item was deleted or undone while the snapshot was made; try again")
