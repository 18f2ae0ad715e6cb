"""Tests of the check: no altered byte is authentic, hostile files are refused fast, keys have lives."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.webapp.services.reports.pdf import CREATED, SHA256
from tests.webapp.services.reports.signed import HOST, KEYS, signed_json, signed_pdf
from webapp.domain.clock import now
from webapp.security.signing_keys import new_keys, parse_public_keys
from webapp.security.tokens import report_number
from webapp.services.reports.signing import PDF_KIND, PDF_MARK, canonical
from webapp.services.reports.verification import MAX_REPORT_BYTES, Finding, check_report

JSON, PDF = signed_json(), signed_pdf()
PUBLIC = KEYS.public
BOTH = pytest.mark.parametrize("content", [JSON, PDF], ids=["json", "pdf"])
# Every byte of a JSON report is tried, and every this many of a PDF's
PDF_STEP = 13


def finding(content: bytes) -> Finding:
    return check_report(content, PUBLIC).finding


def remade(change: Callable[[dict[str, object]], object]) -> bytes:
    """Return the JSON report after a change of its values."""
    document = json.loads(JSON)
    change(document)
    return json.dumps(document).encode()


@BOTH
def test_an_untouched_report_is_authentic_with_its_facts(content: bytes) -> None:
    check = check_report(content, PUBLIC)
    assert check.is_authentic
    assert check.key == PUBLIC.keys[0]
    statement = check.statement
    assert statement is not None
    assert statement.report is not None
    assert (statement.report.id, statement.report.host) == (report_number("receipt"), HOST)
    assert (statement.media.sha256, statement.verdict, statement.fake_prob) == (SHA256, "fake", 0.8765)
    assert datetime.fromisoformat(statement.created) == CREATED.replace(microsecond=0)


def test_no_altered_byte_of_the_json_is_authentic() -> None:
    rng = random.Random(1)
    for place in range(len(JSON)):
        altered = bytearray(JSON)
        altered[place] ^= 1 << rng.randrange(8)
        check = check_report(bytes(altered), PUBLIC)
        assert not check.is_authentic, JSON[max(0, place - 20) : place + 20]
        assert check.statement is None


def test_no_altered_byte_of_the_pdf_is_authentic() -> None:
    rng = random.Random(2)
    mark = PDF.index(PDF_MARK)
    places = {*range(0, len(PDF), PDF_STEP), *range(mark - 50, len(PDF))}
    assert len(places) > 4000
    for place in places:
        altered = bytearray(PDF)
        altered[place] ^= 1 << rng.randrange(8)
        assert finding(bytes(altered)) != "authentic", place


@BOTH
def test_lost_and_added_bytes_are_noticed(content: bytes) -> None:
    for place in range(0, len(content), len(content) // 97):
        assert finding(content[:place]) != "authentic"
        assert finding(content[:place] + b"7" + content[place:]) != "authentic"
    assert finding(content + b"x") != "authentic"
    assert finding(content[1:]) != "authentic"


def test_a_pdf_has_no_room_beside_its_signed_bytes() -> None:
    start = PDF.index(PDF_MARK)
    end = PDF.index(b"\n", start) + 1
    comment = PDF[start:end]
    without = PDF[:start] + PDF[end:]
    assert finding(without) == "unsigned"
    # The signed bytes are the same, but the comment stands elsewhere.
    assert finding(without + comment) == "altered"
    assert finding(without[: start - 500] + comment + without[start - 500 :]) == "altered"
    for altered in (
        PDF + comment,
        PDF + b"\n",
        PDF[:start] + comment + PDF[start:],
        PDF + b"1 0 obj << >> endobj\nstartxref\n0\n%%EOF\n",
        PDF[:start] + PDF_MARK + b"a\n" + PDF[start:],
    ):
        assert finding(altered) != "authentic"


def test_a_signature_belongs_to_one_report() -> None:
    other = json.loads(signed_json(receipt="other"))
    assert finding(remade(lambda mine: mine.update(signature=other["signature"]))) == "altered"
    payload = json.loads(JSON)
    del payload["signature"]
    as_pdf = KEYS.sign(canonical(payload), kind=PDF_KIND, detached=True)
    assert finding(remade(lambda mine: mine.update(signature={"jws": as_pdf}))) == "altered"
    comment = PDF[PDF.index(PDF_MARK) :]
    foreign = signed_pdf(receipt="other")
    assert finding(foreign[: foreign.index(PDF_MARK)] + comment) == "altered"


def test_values_count_and_not_their_layout() -> None:
    assert finding(json.dumps(json.loads(JSON), sort_keys=True).encode()) == "authentic"
    assert finding(b"\xef\xbb\xbf" + JSON.replace(b"\n", b"\r\n")) == "authentic"
    for change in (
        lambda mine: mine.update(verdict="real"),
        lambda mine: mine.update(fake_prob=0.8766),
        lambda mine: mine.update(new=None),
        lambda mine: mine.pop("cautions"),
        lambda mine: mine["limits"].reverse(),
        lambda mine: mine["faces"].append(mine["faces"][0]),
        lambda mine: mine["media"].update(sha256="0" * 64),
        lambda mine: mine["signature"].update(more=1),
        lambda mine: mine["report"].update(host="https://evil.example"),
    ):
        assert finding(remade(change)) == "altered"


def test_json_that_programs_read_differently_is_refused() -> None:
    for text in (
        JSON.replace(b'"verdict": "fake"', b'"verdict": "real", "verdict": "fake"', 1),
        b'{"verdict": "real",' + JSON[1:],
        JSON.replace(b'"cautions": []', b'"cautions": [NaN]'),
        JSON.replace(b'"fake_prob": 0.8765', b'"fake_prob": 1e999'),
        JSON.replace(b'"time": null', b'"time": -0.0'),
    ):
        assert text != JSON
        assert finding(text) != "authentic"
    # Zero and minus zero have one canonical form, so minus zero is never accepted.
    assert b"-0.0" not in JSON


@BOTH
def test_an_altered_report_names_the_key_of_the_host_that_did_not_sign_it(content: bytes) -> None:
    altered = content.replace(b"0.8765", b"0.8766", 1) if content is JSON else content + b"x"
    for keys, status in (
        (KEYS.public, "current"),
        (KEYS.rotated(now()).public, "retired"),
        (KEYS.rotated(now(), revoke=True).public, "revoked"),
    ):
        check = check_report(altered, keys)
        assert (check.finding, check.kid, check.statement) == ("altered", PUBLIC.keys[0].kid, None)
        assert check.key is not None
        assert check.key.status == status
    stranger = check_report(altered, new_keys(now()).public)
    assert (stranger.finding, stranger.key) == ("unknown_key", None)


def test_a_retired_key_keeps_its_reports_but_makes_no_new_ones() -> None:
    for content in (JSON, PDF):
        later = KEYS.rotated(now() + timedelta(days=365)).rotated(now() + timedelta(days=366))
        check = check_report(content, later.public)
        assert check.is_authentic
        assert check.key is not None
        assert check.key.status == "retired"
        # Made offline with the public keys alone.
        assert check_report(content, parse_public_keys(json.dumps(later.public.jwk_set()))).is_authentic
        # A thief of the retired key signed this one: the report is younger than the rotation.
        stolen = KEYS.rotated(datetime(2026, 11, 20, tzinfo=UTC))
        assert check_report(content, stolen.public).finding == "revoked_key"
        revoked = KEYS.rotated(now(), revoke=True)
        assert check_report(content, revoked.public).finding == "revoked_key"
        unknown = check_report(content, new_keys(now()).public)
        assert (unknown.finding, unknown.kid) == ("unknown_key", PUBLIC.keys[0].kid)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "not_a_report"),
        (b"\xff\xd8\xff\xe0 a photo", "not_a_report"),
        (b"[]", "not_a_report"),
        (b'{"format": "other"}', "not_a_report"),
        (b'{"format": "laanet-lens-report"}', "unsigned"),
        (b'{"format": "laanet-lens-report", "signature": 1}', "altered"),
        (b'{"format": "laanet-lens-report", "signature": {"jws": ".."}}', "altered"),
        (
            b'{"format": "laanet-lens-report", "x": 99999999999999999999, "signature": {"jws": "a"}}',
            "altered",
        ),
        (b'{"format": "laanet-lens-report", "x": "\\ud800", "signature": {"jws": "a"}}', "altered"),
        (b"%PDF-1.4", "unsigned"),
        (b"%PDF-1.4\n" + PDF_MARK, "altered"),
        (b"%PDF-1.4\n" + PDF_MARK + b"\xff\n", "altered"),
    ],
)
def test_other_files_have_a_finding(content: bytes, expected: str) -> None:
    assert finding(content) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 15_000_000,
        b'{"a":' * 3_000_000,
        b"[" + b"[]," * 5_000_000 + b"1]",
        b"[" + b"1," * 7_000_000 + b"1]",
        b'{"format": "laanet-lens-report", "x": ' + b"9" * 15_000_000 + b"}",
        b"%PDF-1.4\n" + PDF_MARK * 600_000,
        b'"' + b"\\u0041" * 3_000_000 + b'"',
        b" " * (MAX_REPORT_BYTES + 1),
    ],
    ids=["brackets", "braces", "lists", "numbers", "digits", "marks", "escapes", "too large"],
)
def test_hostile_files_are_refused_fast(content: bytes) -> None:
    begun = time.process_time()
    assert finding(content) in ("not_a_report", "altered")
    assert time.process_time() - begun < 2


def test_a_signed_text_that_is_no_report_is_none() -> None:
    """Only a host can sign such a thing, in a later version."""
    payload = canonical({"format": "laanet-lens-report", "new": 1})
    for head, tail in ((b"%PDF-1.4\n", b"startxref\n"), (b"%PDF-", b"")):
        line = PDF_MARK + KEYS.sign(payload, kind=PDF_KIND).encode() + b"\n"
        assert finding(head + line + tail) in ("altered", "not_a_report")
    deep = base64.urlsafe_b64encode(b"[" * 5000).rstrip(b"=")
    assert finding(b"%PDF-" + PDF_MARK + deep + b".." + b"\n") == "altered"
