"""Tests of signed reports: still reports, with a number, an address and the same facts in both formats."""

from __future__ import annotations

import io
import json

import pypdf
import pypdfium2
import pytest

from tests.webapp.sample_results import PHOTO
from tests.webapp.services.reports.pdf import GREY, pages_of, report_on, squeezed, text_of
from tests.webapp.services.reports.signed import HOST, KEYS, signed_json, signed_pdf
from webapp.security.tokens import receipt_hash, report_number
from webapp.services.reports.document import ReportDocument
from webapp.services.reports.service import report_json, report_pdf
from webapp.services.reports.signing import PDF_MARK, ReportSigner
from webapp.texts import LANGUAGES, Texts
from webapp.texts.addresses import address


def test_the_json_keeps_every_value_and_gains_number_and_signature() -> None:
    signed = json.loads(signed_json())
    parsed = ReportDocument.model_validate(signed)
    assert parsed.report is not None
    assert (parsed.report.id, parsed.report.host) == (report_number("receipt"), HOST)
    assert parsed.report.page == f"{HOST}/verify#{parsed.report.id}"
    unsigned = report_json(report_on(PHOTO), GREY)
    changed = {name for name, value in signed.items() if unsigned.get(name) != value}
    assert changed == {"report", "signature", "limits"}
    assert "signature" not in unsigned
    assert signed["limits"][-1] == LANGUAGES["en"].report.signed
    assert unsigned["limits"][-1] == LANGUAGES["en"].report.unsigned


def test_the_pdf_opens_and_prints_number_and_address() -> None:
    pdf = signed_pdf()
    pypdf.PdfReader(io.BytesIO(pdf), strict=True)
    assert len(pypdfium2.PdfDocument(pdf)) == len(pages_of(pdf))
    text = squeezed(text_of(pdf))
    assert report_number("receipt") in text
    assert f"{HOST}/verify#" in text
    # Programs look for the last lines within this many bytes of the end.
    assert pdf[-1024:].count(b"startxref") == 1
    assert pdf.count(PDF_MARK) == 1


def test_equal_reports_have_equal_signatures() -> None:
    assert signed_pdf() == signed_pdf()
    assert signed_json() == signed_json()


def test_no_receipt_is_in_a_report() -> None:
    for content in (signed_json(), signed_pdf()):
        assert receipt_hash("receipt").encode() not in content
    assert report_number("receipt") not in receipt_hash("receipt")


def test_a_report_without_a_stored_result_or_a_public_address_has_neither_number_nor_page() -> None:
    assert json.loads(signed_json(receipt=None))["report"] == {
        "id": None,
        "host": HOST,
        "page": f"{HOST}/verify",
    }
    signer = ReportSigner(lambda: KEYS, host="")
    report = report_on(PHOTO, identity=signer.identity("receipt"))
    document = report_json(report, GREY)["report"]
    assert document == {"id": report_number("receipt"), "host": None, "page": None}
    assert "verify" not in text_of(report_pdf(report, GREY))


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_a_report_leads_to_the_page_in_its_own_language(texts: Texts) -> None:
    identity = ReportSigner(lambda: KEYS, host=HOST).identity("receipt")
    report = report_on(PHOTO, texts=texts, identity=identity)
    expected = f"{HOST}{address(texts, 'verify')}#{report_number('receipt')}"
    document = report_json(report, GREY)["report"]
    assert document["page"] == expected
    assert expected in squeezed(text_of(report_pdf(report, GREY)))
