"""Receipt services for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine

from webapp.db.session import Sessions
from webapp.media.store import MediaStore
from webapp.services.audit.log import AuditService
from webapp.services.results.deletion import ResultDeletion
from webapp.services.results.receipts import ReceiptService
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.storage.snapshot_folders import SnapshotFolders


def result_deletion(
    sessions: Sessions,
    audit: AuditService | None = None,
    keeping: KeptMediaService | None = None,
    *,
    backups: Path | None = None,
    snapshots: SnapshotFolders | None = None,
    on_deleted: Sequence[Callable[[str], object]] = (),
) -> ResultDeletion:
    """Return a deletion over the sessions' database; without `keeping` over an empty store in memory."""
    with sessions() as session:
        engine = cast(Engine, session.get_bind())
    return ResultDeletion(
        engine,
        audit or AuditService(sessions, None),
        keeping or KeptMediaService(sessions, MediaStore("memory://kept"), quota=0),
        snapshots or SnapshotFolders(Path("none"), Path("none")),
        backups=backups,
        on_deleted=on_deleted,
    )


def receipt_service(
    sessions: Sessions,
    audit: AuditService | None = None,
    keeping: KeptMediaService | None = None,
    *,
    backups: Path | None = None,
    snapshots: SnapshotFolders | None = None,
    **options: Any,
) -> ReceiptService:
    """Return a receipt service over the sessions' database; `options` as those of ReceiptService."""
    deletion = result_deletion(sessions, audit, keeping, backups=backups, snapshots=snapshots)
    return ReceiptService(sessions, deletion, **options)
