"""Search of cases by a receipt, a report number, a case's id, a file's hash, or the file itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session

from laanet_core.errors import UnreadableMedia
from laanet_core.media.images import sniff_file
from laanet_core.media.video import Frame
from laanet_core.types import RGBImage
from webapp.db import case_queries
from webapp.db import case_search_queries as queries
from webapp.db.case_search_queries import FoundCase
from webapp.db.session import Sessions
from webapp.db.tables import Case
from webapp.domain.enums import Role
from webapp.domain.errors import Refused
from webapp.media.fingerprint import Fingerprints
from webapp.security.tokens import receipt_hash
from webapp.services.accounts import Person, require
from webapp.services.moderation.case_rows import CaseRow, rows_of, viewer_of
from webapp.services.moderation.decision_rule import UNDO_PERIOD

# Cases that a search returns at most.
MAX_FOUND = 50
# Characters of a search at most: a link to a receipt with a long address.
MAX_TEXT = 500
# Case ids and report numbers, hashes of files, and receipts. A receipt may be the end of a link.
_ID = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_RECEIPT = re.compile(r"(?:.*#)?([A-Za-z0-9_-]{43})")


class FileReader(Protocol):
    """Decoder of files that come from strangers, see `laanet_core.media.reader.Reader`."""

    def image(self, path: Path) -> RGBImage:
        """Return the upright RGB picture (H, W, 3) uint8. Raises UnreadableMedia."""
        ...

    def frames(self, path: Path, count: int) -> Generator[Frame]:
        """Yield the frames of a clip that are judged. Raises UnreadableMedia."""
        ...


class CaseSearchService:
    """Finds cases.

    The rows of the result tell no more than those of the list. `frames` are judged of a clip. `undo` is the
    time for which a decision can be undone. Every method raises Refused with not_signed_in or not_allowed.
    """

    def __init__(
        self, sessions: Sessions, reader: FileReader, *, frames: int, undo: timedelta = UNDO_PERIOD
    ) -> None:
        self._sessions = sessions
        self._reader = reader
        self._frames = frames
        self._undo_period = undo

    def find(self, person: Person | None, text: str) -> list[CaseRow]:
        """Return the cases of a receipt or its link, a report number, a case's id or a file's sha256.

        Raises Refused also with invalid_search.
        """
        moderator = require(person, Role.MODERATOR)
        with self._sessions() as session:
            cases = _cases_by_text(session, text.strip())
            return rows_of(session, viewer_of(moderator, self._undo_period), cases[:MAX_FOUND])

    def find_file(self, person: Person | None, path: Path) -> list[CaseRow]:
        """Return the cases of a file and of near copies, the file itself first, then the nearest.

        Raises Refused also with the codes of UnreadableMedia.
        """
        moderator = require(person, Role.MODERATOR)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        hashes = self._perceptual_hashes(path)
        with self._sessions() as session:
            same = [
                FoundCase(case, None) for case in queries.cases_of_bytes(session, sha256, limit=MAX_FOUND)
            ]
            same_ids = {found.case.id for found in same}
            near = queries.cases_like(session, hashes, limit=MAX_FOUND + len(same))
            found = [*same, *(one for one in near if one.case.id not in same_ids)][:MAX_FOUND]
            viewer = viewer_of(moderator, self._undo_period)
            rows = rows_of(session, viewer, [one.case for one in found])
        return [
            row.model_copy(update={"distance": one.distance}) for row, one in zip(rows, found, strict=True)
        ]

    def _perceptual_hashes(self, path: Path) -> list[int]:
        """Return the hashes of a picture or clip, as its analysis stores them. Raises Refused."""
        fingerprints = Fingerprints()
        try:
            if sniff_file(path) == "image":
                fingerprints(self._reader.image(path))
            else:
                with closing(self._reader.frames(path, self._frames)) as frames:
                    for frame in frames:
                        fingerprints(frame.rgb)
        except UnreadableMedia as error:
            raise Refused(error.code, error.message) from error
        return fingerprints.chosen()


def _cases_by_text(session: Session, text: str) -> list[Case]:
    """Return the cases that a text names, oldest first. Raises Refused: invalid_search."""
    lower = text.lower()
    receipt = _RECEIPT.fullmatch(text)
    if _ID.fullmatch(lower):
        case = case_queries.case_by_public_id(session, lower)
        return queries.cases_of_report(session, lower) if case is None else [case]
    if _SHA256.fullmatch(lower):
        return queries.cases_of_bytes(session, lower, limit=MAX_FOUND)
    if len(text) <= MAX_TEXT and receipt:
        return queries.cases_of_receipt(session, receipt_hash(receipt[1]))
    raise Refused(
        "invalid_search",
        "Search for a receipt or its link, a report number, the id of a case, or the sha256 of a file.",
    )
