"""Export of everything stored under a receipt, as one ZIP."""

from __future__ import annotations

import base64
import io
import json
import logging
import zipfile
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from webapp.db import analysis_queries
from webapp.db.session import Sessions
from webapp.domain.errors import Refused, unknown_receipt
from webapp.media.store import StoreFailed
from webapp.security.tokens import receipt_hash
from webapp.services.results.receipts import ReceiptService
from webapp.services.storage.kept_media import CONTENT_TYPES, KeptFile, KeptMediaService, MediaContent

logger = logging.getLogger(__name__)
_MISSING_FILE = "The file was kept, but the server cannot find it any more.\n"


class ExportService:
    """Exports of stored results. Kept files are copied byte for byte and never decoded."""

    def __init__(self, sessions: Sessions, receipts: ReceiptService, kept_media: KeptMediaService) -> None:
        self._sessions = sessions
        self._receipts = receipts
        self._kept_media = kept_media

    def export(self, receipt: str) -> bytes:
        """Return a ZIP with `result.json` (see StoredResult), `feedback.json`, regions and the kept file.

        `regions/<number>.png` is the region of a vote; `number` is its position in `feedback.json`, from 1.
        The kept file is `media.<ending>`, or `media-missing.txt` if the store lost the file. Raises Refused:
        unknown_receipt, unavailable.
        """
        result = self._receipts.result(receipt).to_json()
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("result.json", _json(result))
            archive.writestr("feedback.json", _json(result["feedback"]))
            for number, vote in enumerate(result["feedback"], start=1):
                if vote["region"] is not None:
                    archive.writestr(f"regions/{number}.png", base64.b64decode(vote["region"]))
            for name, content in self._media(receipt):
                archive.writestr(name, content)
        return buffer.getvalue()

    def kept_file(self, receipt: str) -> MediaContent:
        """Return the kept file. Raises Refused: unknown_receipt, not_kept, unavailable."""
        file = self._kept(receipt)
        if file is None and not self._receipts.exists(receipt):
            raise unknown_receipt()
        if file is None:
            raise Refused("not_kept", "The file of this result is not kept.")
        try:
            return MediaContent(self._kept_media.read(file), CONTENT_TYPES[file.format])
        except (FileNotFoundError, StoreFailed) as error:
            logger.exception("kept media could not be read: %s", file.name)
            raise _unavailable() from error

    def _media(self, receipt: str) -> list[tuple[str, bytes]]:
        """Return name and content of the kept file; an empty list if no file is kept."""
        file = self._kept(receipt)
        try:
            return [] if file is None else [self._read(file)]
        except StoreFailed as error:
            logger.exception("an export could not be made")
            raise _unavailable() from error

    def _kept(self, receipt: str) -> KeptFile | None:
        """Return the file that is kept under a receipt; None if none is. Raises Refused (unavailable)."""
        try:
            with self._sessions() as session:
                consent = analysis_queries.consent_by_receipt(session, receipt_hash(receipt))
                return None if consent is None else KeptFile.of(consent)
        except SQLAlchemyError as error:
            logger.exception("a kept file could not be looked up")
            raise _unavailable() from error

    def _read(self, file: KeptFile) -> tuple[str, bytes]:
        """Return name and content of a kept file, or of a notice if the store lost the file."""
        try:
            return f"media.{file.ending}", self._kept_media.read(file)
        except FileNotFoundError:
            logger.exception("kept media is missing from the store: %s", file.name)
            return "media-missing.txt", _MISSING_FILE.encode()


def _unavailable() -> Refused:
    return Refused("unavailable", "The file cannot be read just now. Please try again in a moment.")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
