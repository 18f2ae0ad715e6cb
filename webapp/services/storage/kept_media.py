"""Which files stay: those whose visitors agreed, while there is room, as long as somebody's receipt holds them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from laanet_core.errors import UnreadableMedia
from laanet_core.results import AnalysisResult
from webapp.db import queries
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Consent, Media
from webapp.domain.clock import now
from webapp.domain.consent import CONSENT_VERSION
from webapp.media.store import MediaStore, StoreFailed
from webapp.media.stripping import Bare, bare

logger = logging.getLogger(__name__)
GRACE = timedelta(hours=1)  # for a file whose row is still to come


class StoreFull(Exception):
    """There is no room for another file."""


@dataclass(frozen=True)
class Placed:
    """A file that lies in the store and waits for its row, or the `code` of why there is none: store_full, not_kept."""

    name: str = ""
    bare: Bare | None = None
    sha256: str = ""
    code: str | None = None


@dataclass(frozen=True)
class Swept:
    """What a sweep found: files removed that no row knows, and names of files that rows know and that are not there."""

    removed: tuple[str, ...]
    missing: tuple[str, ...]


class Keeping:
    """A file is written before its row is committed, and removed after its row is gone: a crash between the two leaves a file without
    a row, never a row without a file, and the next `sweep` takes it away.
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
        """`quota` in bytes, of all kept media together. `strip` makes a file bare of its metadata: in this process, unless another is
        given; strangers' files belong in another."""
        self._sessions = sessions
        self._store = store
        self._quota = quota
        self._grace = grace
        self._strip = strip

    def place(self, path: Path, result: AnalysisResult) -> Placed:
        """Write what is to be kept of an analysed file, bare of its metadata. Never raises for a file or store that is unfit."""
        if result.outcome == "rejected":
            return Placed(code="not_kept")
        try:
            made = self._strip(path)
            sha256 = hashlib.sha256(made.content).hexdigest()
            if not self._has_room(len(made.content), sha256):
                return Placed(code="store_full")
            return Placed(self._store.write(made.content), made, sha256)
        except (UnreadableMedia, StoreFailed, OSError):
            logger.exception("a file could not be kept")
            return Placed(code="not_kept")

    def link(self, session: Session, row: Analysis, placed: Placed) -> str | None:
        """Let an analysis, within the transaction that stores it, hold the file; where it is kept already, the twin that is there.

        Returns the name of the file it holds, if any. Raises StoreFull, after which the transaction must be rolled back.
        """
        row.consent = Consent(given_at=row.created_at, text_version=CONSENT_VERSION, orientation=1)
        session.add(row)
        if placed.bare is None:
            return None
        twin = queries.media_by_sha256(session, placed.sha256)
        media = twin or Media(
            sha256=placed.sha256,
            name=placed.name,
            kind=row.kind,
            format=placed.bare.format,
            bytes=len(placed.bare.content),
            created_at=row.created_at,
        )
        row.consent.media, row.consent.orientation = media, placed.bare.orientation
        session.flush()
        if twin is None and queries.stored_bytes(session) > self._quota:  # others were at it since `place`
            raise StoreFull
        return media.name

    def settle(self, placed: Placed, held: str | None) -> None:
        """After the commit: remove the file that was placed where it is not the one that is held."""
        if placed.name and placed.name != held:
            self.remove([placed.name])

    def remove(self, names: Iterable[str]) -> bool:
        """Take files away whose rows are gone. False where some could not be: the next sweep will."""
        done = True
        for name in names:
            try:
                self._store.remove(name)
            except StoreFailed:
                logger.exception("the file %s could not be removed", name)
                done = False
        return done

    def read(self, media: Media) -> bytes:
        """Raises FileNotFoundError and StoreFailed."""
        return self.read_named(media.name)

    def read_named(self, name: str) -> bytes:
        """A file by its name in the store. Raises FileNotFoundError and StoreFailed."""
        return self._store.read(name)

    def sweep(self) -> Swept:
        """Remove files without a row, once they are old enough not to wait for one; log, and never drop, rows without a file.

        Raises SQLAlchemyError and StoreFailed.
        """
        listed = self._store.listed()  # first: what comes later has its row in time
        with self._sessions.begin() as session:
            queries.delete_unreferenced_media(session)
        with self._sessions() as session:
            known = queries.media_names(session)
        before = now() - self._grace
        removed = tuple(
            sorted(name for name, written in listed.items() if name not in known and written < before)
        )
        self.remove(removed)
        missing = self._missing(known - listed.keys())
        for name in missing:
            logger.error("kept media is missing from the store: %s", name)
        if removed:
            logger.info("%d files without a row were removed from the store", len(removed))
        return Swept(removed, missing)

    def _missing(self, unseen: Iterable[str]) -> tuple[str, ...]:
        """Of the names that were not listed those that are not there now, and whose rows still are."""
        gone = {name for name in unseen if not self._store.has(name)}
        if not gone:
            return ()
        with self._sessions() as session:
            return tuple(sorted(gone & queries.media_names(session)))

    def _has_room(self, size: int, sha256: str) -> bool:
        with self._sessions() as session:
            return (
                queries.media_by_sha256(session, sha256) is not None
                or queries.stored_bytes(session) + size <= self._quota
            )
