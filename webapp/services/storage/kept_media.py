"""Kept files of visitors who consented: stored within a quota, linked to results, opened upright, swept."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from laanet_core.errors import UnreadableMedia
from laanet_core.results import AnalysisResult
from webapp.db import analysis_queries
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Consent, Media
from webapp.domain.clock import now
from webapp.domain.consent import CONSENT_VERSION
from webapp.media.store import MediaStore, StoreFailed
from webapp.media.stripping import ENDINGS, Bare, bare, with_orientation

logger = logging.getLogger(__name__)
# Content types by format of the kept file.
CONTENT_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "matroska": "video/webm",
    "avi": "video/x-msvideo",
}
# Age from which a sweep removes a file without a row. A younger file's row may still be on its way.
GRACE = timedelta(hours=1)


class StoreFull(Exception):
    """The quota has no room for another file."""


@dataclass(frozen=True)
class MediaContent:
    """Bytes for a browser and their content type."""

    content: bytes
    type: str


@dataclass(frozen=True)
class KeptFile:
    """Kept file: its name in the store, its format (a key of ENDINGS) and its EXIF orientation, 1 to 8."""

    name: str
    format: str
    orientation: int = 1

    @classmethod
    def of(cls, consent: Consent) -> KeptFile | None:
        """Return the file that a visitor's consent keeps; None if none is kept."""
        if consent.media is None:
            return None
        return cls(consent.media.name, consent.media.format, consent.orientation)

    @property
    def ending(self) -> str:
        """The ending of the file's name, without a dot."""
        return ENDINGS[self.format]


@dataclass(frozen=True)
class PlacedFile:
    """File in the store that waits for its row, or the reason for none: store_full, not_kept."""

    name: str = ""
    bare: Bare | None = None
    sha256: str = ""
    code: str | None = None


@dataclass(frozen=True)
class SweepReport:
    """Names of removed files without a row, and of files that rows know but the store lacks."""

    removed: tuple[str, ...]
    missing: tuple[str, ...]


class KeptMediaService:
    """Files in the store and their rows.

    A file is written before its row is committed, and removed after its row is deleted. A crash in between
    leaves a file without a row, never a row without a file; the next `sweep` removes it.
    """

    def __init__(
        self,
        sessions: Sessions,
        store: MediaStore,
        *,
        quota: int,
        grace: timedelta = GRACE,
        strip: Callable[[Path], Bare] = bare,
    ) -> None:
        """`quota`: bytes of all kept files together. `strip` removes a file's metadata.

        The default `strip` runs in this process; files of strangers need a confined one.
        """
        self._sessions = sessions
        self._store = store
        self._quota = quota
        self._grace = grace
        self._strip = strip

    def place(self, path: Path, result: AnalysisResult) -> PlacedFile:
        """Write an analysed file without its metadata. Never raises for an unfit file or store."""
        if result.outcome == "rejected":
            return PlacedFile(code="not_kept")
        try:
            stripped = self._strip(path)
            sha256 = hashlib.sha256(stripped.content).hexdigest()
            if not self._has_room(len(stripped.content), sha256):
                return PlacedFile(code="store_full")
            return PlacedFile(self._store.write(stripped.content), stripped, sha256)
        except (UnreadableMedia, StoreFailed, OSError):
            logger.exception("a file could not be kept")
            return PlacedFile(code="not_kept")

    def link(
        self, session: Session, row: Analysis, placed: PlacedFile, consent: str = CONSENT_VERSION
    ) -> str | None:
        """Link a placed file to an analysis in the transaction that stores it.

        `consent` is the version of the consent text. If the store has the same file already, the analysis
        links to that one. Return the linked file's name, None without a file. Raises StoreFull, after which
        the transaction must be rolled back.
        """
        row.consent = Consent(given_at=row.created_at, text_version=consent, orientation=1)
        session.add(row)
        if placed.bare is None:
            return None
        twin = analysis_queries.media_by_sha256(session, placed.sha256)
        media = twin or Media(
            sha256=placed.sha256,
            name=placed.name,
            kind=row.kind,
            format=placed.bare.format,
            bytes=len(placed.bare.content),
            created_at=row.created_at,
        )
        row.consent.media = media
        row.consent.orientation = placed.bare.orientation
        session.flush()
        # Other transactions may have used up the room since `place`.
        if twin is None and analysis_queries.stored_bytes(session) > self._quota:
            raise StoreFull
        return media.name

    def settle(self, placed: PlacedFile, linked: str | None) -> None:
        """Remove the placed file after the transaction, unless it is the linked one."""
        if placed.name and placed.name != linked:
            self.remove([placed.name])

    def remove(self, names: Iterable[str]) -> bool:
        """Remove files whose rows are deleted. Return False if some remain; the next sweep removes them."""
        are_all_removed = True
        for name in names:
            try:
                self._store.remove(name)
            except StoreFailed:
                logger.exception("the file %s could not be removed", name)
                are_all_removed = False
        return are_all_removed

    def read(self, file: KeptFile) -> bytes:
        """Return a file's content, as viewers show it upright. Raises FileNotFoundError and StoreFailed."""
        content = self._store.read(file.name)
        return with_orientation(content, file.orientation) if file.format == "jpeg" else content

    @contextlib.contextmanager
    def open(self, file: KeptFile, *, folder: Path | None = None) -> Iterator[Path]:
        """Yield the path of a temporary upright copy, below `folder` if given.

        Raises FileNotFoundError and StoreFailed.
        """
        content = self.read(file)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            path = Path(temporary) / "kept"
            path.write_bytes(content)
            yield path

    def sweep(self) -> SweepReport:
        """Remove old files without a row. Log rows without a file, and never delete them.

        Raises SQLAlchemyError and StoreFailed.
        """
        # The store is listed before the rows: a file that is written later has its row in time.
        written_at = self._store.listed()
        with self._sessions.begin() as session:
            analysis_queries.delete_unreferenced_media(session)
        with self._sessions() as session:
            known = analysis_queries.media_names(session)
        before = now() - self._grace
        unknown = [name for name, written in written_at.items() if name not in known and written < before]
        removed = tuple(sorted(unknown))
        self.remove(removed)
        missing = self._missing(known - written_at.keys())
        for name in missing:
            logger.error("kept media is missing from the store: %s", name)
        if removed:
            logger.info("%d files without a row were removed from the store", len(removed))
        return SweepReport(removed, missing)

    def _missing(self, unlisted: Iterable[str]) -> tuple[str, ...]:
        """Return the unlisted names that the store still lacks although their rows still exist."""
        absent = {name for name in unlisted if not self._store.has(name)}
        if not absent:
            return ()
        with self._sessions() as session:
            return tuple(sorted(absent & analysis_queries.media_names(session)))

    def _has_room(self, size: int, sha256: str) -> bool:
        """Return True if `size` more bytes fit into the quota, or the same file is stored already."""
        with self._sessions() as session:
            return (
                analysis_queries.media_by_sha256(session, sha256) is not None
                or analysis_queries.stored_bytes(session) + size <= self._quota
            )
