"""Freeze what was decided, check it, and let go of what visitors delete."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.exc import IntegrityError

from laanet_core.errors import UnreadableMedia
from laanet_core.media.reader import IN_PLACE, Reader
from laanet_core.types import RGBImage
from webapp.db import training_queries as queries
from webapp.db.audit_chain import Event
from webapp.db.session import Sessions
from webapp.db.tables import Snapshot, SnapshotItem
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor, LabelValue, Part, SnapshotState
from webapp.domain.errors import Unable
from webapp.domain.ids import new_id
from webapp.media.store import StoreFailed
from webapp.services.audit.log import AuditService
from webapp.services.storage.kept_media import GRACE, KeptFile, KeptMediaService
from webapp.services.storage.snapshot_folders import SnapshotFolders
from webapp.services.training.decided_cases import Decided, SeenFace, find
from webapp.services.training.face_cropping import FindLandmarks, cut
from webapp.services.training.snapshot_files import Item, check, write_item, write_lists
from webapp.services.training.splits import count, groups, parts

logger = logging.getLogger(__name__)
FRAMES_OF_A_CLIP = 4
_SAME_TIME = 1e-3  # seconds


@dataclass(frozen=True)
class Frozen:
    """A snapshot: how many items of each label and part, and how many decisions gave none, by reason."""

    public_id: str
    sha256: str
    real: int
    fake: int
    parts: dict[str, int]
    left_out: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        counts = {"real": self.real, "fake": self.fake, **self.parts}
        return {"snapshot": self.public_id, "sha256": self.sha256, **counts, "left_out": self.left_out}


class SnapshotService:
    """`delay`: for how long a decision must have stood; `frames`: of a clip that are judged. Kept files are decoded by `reader`.

    `landmarks` makes what finds landmarks, once it is needed. Raises Unable with the codes that each method names.
    """

    def __init__(
        self,
        sessions: Sessions,
        audit: AuditService,
        keeping: KeptMediaService,
        folders: SnapshotFolders,
        *,
        landmarks: Callable[[], FindLandmarks],
        reader: Reader = IN_PLACE,
        delay: timedelta = timedelta(minutes=10),
        frames: int = 32,
    ) -> None:
        self.folders = folders
        self._sessions = sessions
        self._audit = audit
        self._keeping = keeping
        self._landmarks = landmarks
        self._reader = reader
        self._delay = delay
        self._frames = frames

    def freeze(self) -> Frozen:
        """Raises Unable: nothing_decided, snapshot_raced (something was deleted or undone meanwhile), and NoLandmarkDetector."""
        landmarks = self._landmarks()
        with self._sessions() as session:
            found = find(session, now() - self._delay)
        of_group = groups({decided.analysis_id: decided.source for decided in found.decided}, found.alike)
        of_part = parts(of_group, found.earlier)
        public_id, items, left_out = new_id(), [], Counter[str]()
        folder = self.folders.of(public_id)
        folder.mkdir(parents=True)
        try:
            for decided in found.decided:
                part = of_part[decided.analysis_id]
                made = (
                    []
                    if part is None
                    else list(
                        self._items(folder, decided, part, of_group[decided.analysis_id], landmarks, left_out)
                    )
                )
                left_out["between_parts"] += part is None
                items.extend(made)
            if not items:
                raise Unable("nothing_decided", _nothing(+left_out))
            sha256 = write_lists(folder, public_id, items, +left_out)
            return self._store(public_id, sha256, items, dict(+left_out))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def verify(self, public_id: str) -> Path:
        """The folder of a snapshot that is as it was frozen. Raises Unable: unknown_snapshot, stale_snapshot, snapshot_changed."""
        check(self.folders.of(public_id), self.require_fresh(public_id))
        return self.folders.of(public_id)

    def require_fresh(self, public_id: str) -> str:
        """The sha256 of a snapshot in which nothing was deleted or undone; all that lies there of any other is removed.

        Raises Unable: unknown_snapshot, stale_snapshot.
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
            raise Unable(
                "stale_snapshot",
                f"something in the snapshot {public_id} was deleted or undone; freeze a new one",
            )
        return sha256

    def require_untouched_gold(self, public_id: str) -> None:
        """Raises Unable: gold_was_learned, where a file of the gold part was learned from, or chose thresholds, in any snapshot."""
        with self._sessions() as session:
            if queries.was_gold_trained_on(session, public_id):
                raise Unable(
                    "gold_was_learned", f"faces in the gold part of {public_id} were learned from before"
                )

    def newest(self) -> str:
        """Raises Unable: unknown_snapshot where there is none that is not stale."""
        with self._sessions() as session:
            snapshot = queries.newest_snapshot(session)
        if snapshot is None:
            raise Unable(
                "unknown_snapshot",
                "there is no snapshot yet that could be used; freeze one with --new-snapshot",
            )
        return snapshot.public_id

    def listed(self, limit: int = 20) -> list[dict[str, Any]]:
        """The newest ones, ready for JSON."""
        with self._sessions() as session:
            return [_facts(snapshot) for snapshot in queries.recent_snapshots(session, limit)]

    def sweep(self) -> list[str]:
        """Remove the folders of stale snapshots with what was judged of them, and those that a crash left without a row."""
        with self._sessions.begin() as session:
            stale = queries.delete_orphaned_items(session)
            known = queries.frozen_snapshot_ids(session)
        self.folders.remove(stale)
        return self.folders.sweep(known, now() - GRACE)

    def _items(
        self,
        folder: Path,
        decided: Decided,
        part: Part,
        group: str,
        landmarks: FindLandmarks,
        left_out: Counter[str],
    ) -> Iterator[Item]:
        if not decided.faces:
            left_out["no_one_face"] += 1
            return
        try:
            pictures = list(self._pictures(decided))
        except (UnreadableMedia, StoreFailed, FileNotFoundError):
            logger.exception("a kept file could not be read for a snapshot")
            pictures = []
        left_out["unreadable"] += not pictures
        for number, (rgb, face) in enumerate(pictures):
            masks = [
                painted.mask
                for painted in decided.regions
                if face.time is None or _near(painted.time, face.time)
            ]
            made = cut(rgb, face.box, masks, landmarks)
            name = f"{decided.case}-{number}"
            sha256, region = write_item(folder, name, made)
            yield Item(name, sha256, region, made.landmarks, decided, part, group)

    def _pictures(self, decided: Decided) -> Iterator[tuple[RGBImage, SeenFace]]:
        """Every face of a picture; of a clip's person some frames, those that were painted on among them."""
        file = KeptFile(decided.media.name, decided.media.format, decided.orientation)
        with self._keeping.open(file) as path:
            if decided.kind == "image":
                rgb = self._reader.image(path)
                yield from ((rgb, face) for face in decided.faces)
                return
            wanted = _some(decided)
            for frame in self._reader.frames(path, self._frames):
                for face in wanted:
                    if _near(face.time, frame.time):
                        yield frame.rgb, face

    def _store(self, public_id: str, sha256: str, items: list[Item], left_out: dict[str, int]) -> Frozen:
        labels = [item.decided.label for item in items]
        counts = count([item.part for item in items])
        real, fake = labels.count(LabelValue.REAL), labels.count(LabelValue.FAKE)
        row = Snapshot(
            public_id=public_id, sha256=sha256, created_at=now(), state=SnapshotState.FROZEN, real=real, fake=fake, **counts
        )  # fmt: skip
        row.items = [_row(item) for item in items]
        try:
            with self._audit.transaction() as (session, tell):
                queries.lock_training(session)
                used = (
                    {item.decided.analysis_id for item in items},
                    {item.decided.decision_id for item in items},
                )
                if not queries.are_items_intact(session, *used):
                    raise _raced()
                session.add(row)
                tell(
                    Event(
                        Actor.SYSTEM,
                        Action.SNAPSHOT_FROZEN,
                        f"snapshot:{public_id}",
                        {"sha256": sha256, "items": len(items)},
                    )
                )
        except IntegrityError as error:
            raise _raced() from error
        return Frozen(public_id, sha256, real, fake, counts, left_out)


def _facts(snapshot: Snapshot) -> dict[str, Any]:
    counts = {
        "real": snapshot.real,
        "fake": snapshot.fake,
        "train": snapshot.train,
        "val": snapshot.val,
        "gold": snapshot.gold,
    }
    about = {
        "snapshot": snapshot.public_id,
        "sha256": snapshot.sha256,
        "created_at": snapshot.created_at.isoformat(),
    }
    return {**about, "state": snapshot.state, **counts}


def _row(item: Item) -> SnapshotItem:
    decided = item.decided
    return SnapshotItem(
        analysis_id=decided.analysis_id,
        case_id=decided.case_id,
        decision_id=decided.decision_id,
        name=item.name,
        sha256=item.sha256,
        media_sha256=decided.media.sha256,
        part=item.part,
        label=decided.label,
        provenance=decided.how,
    )


def _some(decided: Decided) -> list[SeenFace]:
    painted = [
        face for face in decided.faces if any(_near(region.time, face.time) for region in decided.regions)
    ]
    places = np.linspace(0, len(decided.faces) - 1, FRAMES_OF_A_CLIP).round().astype(int)
    chosen = [decided.faces[place] for place in dict.fromkeys(places.tolist())]
    return [*painted, *(face for face in chosen if face not in painted)][:FRAMES_OF_A_CLIP]


def _near(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and abs(one - other) < _SAME_TIME


def _nothing(left_out: Counter[str]) -> str:
    why = "".join(f"; left out: {reason} {number}" for reason, number in left_out.items())
    return f"no decision for real or fake that stands, of a file kept with consent, gives a face to learn from{why}"


def _raced() -> Unable:
    return Unable("snapshot_raced", "something was deleted or undone while the snapshot was made; try again")
