"""Signed reports on a hand-made result."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from tests.webapp.sample_results import PHOTO
from tests.webapp.services.reports.pdf import GREY, report_on
from webapp.security.signing_keys import SigningKeys, new_keys
from webapp.services.reports.service import report_json, report_pdf, report_statement
from webapp.services.reports.signing import ReportSigner

# Before `pdf.CREATED`, the time of the reports
KEYS = new_keys(datetime(2026, 11, 1, tzinfo=UTC))
HOST = "https://lens.example"


def signed_json(keys: SigningKeys = KEYS, receipt: str | None = "receipt") -> bytes:
    """Return the JSON report as the page saves it."""
    signer = ReportSigner(lambda: keys, host=HOST)
    report = report_on(PHOTO, identity=signer.identity(receipt))
    return json.dumps(signer.sign_json(report_json(report, GREY)), indent=2, ensure_ascii=False).encode()


def signed_pdf(keys: SigningKeys = KEYS, receipt: str | None = "receipt") -> bytes:
    """Return the PDF report."""
    signer = ReportSigner(lambda: keys, host=HOST)
    report = report_on(PHOTO, identity=signer.identity(receipt))
    return signer.sign_pdf(report_pdf(report, GREY), report_statement(report))
