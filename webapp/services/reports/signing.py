"""Signatures of reports: the host's key vouches for every value of the JSON and for every byte of the PDF."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import rfc8785

from webapp.security.signing_keys import SigningKeys
from webapp.security.tokens import report_number
from webapp.services.reports.content import ReportIdentity
from webapp.services.reports.document import ReportStatement, SignatureDocument

# `typ` of the signatures' headers.
JSON_KIND = "laanet-lens-report+json"
PDF_KIND = "laanet-lens-report+pdf"
# A comment of the PDF, which programs that show it skip.
PDF_MARK = b"%laanet-lens-signature "
# The comment stands right before this keyword, the beginning of the file's last lines.
PDF_TAIL = b"startxref"


class ReportSigner:
    """Signs reports with the host's current key."""

    def __init__(self, keys: Callable[[], SigningKeys], *, host: str) -> None:
        """`host` is the public address of the site, "" if the operator has set none."""
        self._keys = keys
        self._host = host

    def identity(self, receipt: str | None) -> ReportIdentity:
        """Return the number of the report on a result; the receipt is None if it could not be stored."""
        return ReportIdentity(None if receipt is None else report_number(receipt), self._host)

    def sign_json(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON report with its signature. Raises InvalidKeys and OSError."""
        jws = self._keys().sign(canonical(document), kind=JSON_KIND, detached=True)
        return {**document, "signature": SignatureDocument(jws=jws).to_json()}

    def sign_pdf(self, pdf: bytes, statement: ReportStatement) -> bytes:
        """Return the PDF with its statement and signature in a comment. Raises InvalidKeys and OSError.

        The signature covers the statement, all other bytes of the file, and the place of the comment.
        """
        place = pdf.rindex(PDF_TAIL)
        payload = {**statement.to_json(), "pdf": pdf_digest(pdf[:place], pdf[place:])}
        jws = self._keys().sign(canonical(payload), kind=PDF_KIND)
        return pdf[:place] + PDF_MARK + jws.encode() + b"\n" + pdf[place:]


def canonical(document: dict[str, Any]) -> bytes:
    """Return JSON values in their canonical form (RFC 8785).

    Raises rfc8785.CanonicalizationError for values that have none.
    """
    return rfc8785.dumps(document)


def pdf_digest(head: bytes, tail: bytes) -> dict[str, Any]:
    """Return the sha256 of a PDF without the comment that has its signature, and the comment's place."""
    digest = hashlib.sha256(head)
    digest.update(tail)
    return {"sha256": digest.hexdigest(), "signature_at": len(head)}
