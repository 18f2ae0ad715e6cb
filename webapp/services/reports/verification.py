"""Check of a signed report against public keys. It needs no database, and treats the report as hostile.

A PDF is never parsed: its signature stands in one line near the end and covers all other bytes. JSON is
parsed within limits on size and number of values.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import rfc8785
from pydantic import ValidationError

from webapp.security.signing_keys import InvalidSignature, PublicKey, PublicKeys, UnknownKey
from webapp.services.reports.document import FORMAT, ReportStatement
from webapp.services.reports.signing import (
    JSON_KIND,
    PDF_KIND,
    PDF_MARK,
    PDF_TAIL,
    canonical,
    pdf_digest,
)

Finding = Literal["authentic", "altered", "unknown_key", "revoked_key", "unsigned", "not_a_report"]
FINDINGS: Sequence[Finding] = get_args(Finding)
# Bytes of the largest report. Ours have at most about 5 MB.
MAX_REPORT_BYTES = 20_000_000
# Most commas and brackets of a JSON report. Each may become an object in memory.
_MAX_VALUES = 1_000_000
_MAX_BRACKETS = 100_000
# Bytes at the end of a PDF that may have the signature.
_PDF_END = 16_384
# Time by which the clocks of two machines with the same keys may differ.
_CLOCK_ERROR = timedelta(minutes=5)


@dataclass(frozen=True)
class ReportCheck:
    """Finding on a report. `statement` has its facts if it is authentic.

    `kid` names the key of the signature, "" if there is none. `key` is the key if it is known. An altered
    report may name a known key, too: then the signature is not the key's.
    """

    finding: Finding
    kid: str = ""
    key: PublicKey | None = None
    statement: ReportStatement | None = None

    @property
    def is_authentic(self) -> bool:
        """Return whether the report is as the owner of a known key signed it."""
        return self.finding == "authentic"


class _Rejected(Exception):
    """A report whose signature need not be looked at."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding: Finding = finding


def check_report(content: bytes, keys: PublicKeys) -> ReportCheck:
    """Check a PDF or JSON report. Any bytes give a finding; at most MAX_REPORT_BYTES are looked at."""
    try:
        key, facts = _checked(content, keys)
        statement = ReportStatement.model_validate(facts)
        is_in_time = _is_in_time(statement, key)
    except _Rejected as rejection:
        return ReportCheck(rejection.finding)
    except UnknownKey as error:
        return ReportCheck("unknown_key", error.kid)
    except InvalidSignature as error:
        return ReportCheck("altered", error.kid, keys.find(error.kid))
    except (ValidationError, ValueError):
        # A key of the host signed something that this version cannot read.
        return ReportCheck("not_a_report")
    if key.revoked is not None or not is_in_time:
        return ReportCheck("revoked_key", key.kid, key)
    return ReportCheck("authentic", key.kid, key, statement)


def _checked(content: bytes, keys: PublicKeys) -> tuple[PublicKey, Any]:
    """Return the key that signed a report, and its facts. Raises _Rejected and InvalidSignature."""
    if len(content) > MAX_REPORT_BYTES:
        raise _Rejected("not_a_report")
    if content.startswith(b"%PDF-"):
        return _check_pdf(content, keys)
    return _check_json(content, keys)


def _is_in_time(statement: ReportStatement, key: PublicKey) -> bool:
    """Return False for a report from after its key was retired: only a thief of the key can make one."""
    if key.retired is None:
        return True
    return datetime.fromisoformat(statement.created) <= key.retired + _CLOCK_ERROR


def _check_pdf(content: bytes, keys: PublicKeys) -> tuple[PublicKey, Any]:
    """Return the key that signed a PDF, and its statement."""
    start = content.rfind(PDF_MARK, max(0, len(content) - _PDF_END))
    if start < 0:
        raise _Rejected("unsigned")
    end = content.find(b"\n", start)
    if end < 0:
        raise _Rejected("altered")
    signature = content[start + len(PDF_MARK) : end].decode("ascii", errors="replace")
    key, payload = keys.verify(signature, kind=PDF_KIND)
    head = content[:start]
    tail = content[end + 1 :]
    facts = json.loads(payload)
    if not tail.startswith(PDF_TAIL) or facts.get("pdf") != pdf_digest(head, tail):
        raise InvalidSignature("the PDF is not the signed one", key.kid)
    return key, facts


def _check_json(content: bytes, keys: PublicKeys) -> tuple[PublicKey, Any]:
    """Return the key that signed a JSON report, and the report.

    White space, the order of keys and the spelling of numbers do not count, as RFC 8785 defines it.
    """
    document = _parsed(content)
    if document.get("format") != FORMAT:
        raise _Rejected("not_a_report")
    signature = document.pop("signature", None)
    if signature is None:
        raise _Rejected("unsigned")
    if not isinstance(signature, dict) or set(signature) != {"jws"} or not isinstance(signature["jws"], str):
        raise _Rejected("altered")
    try:
        payload = canonical(document)
    except (rfc8785.CanonicalizationError, ValueError, RecursionError):
        raise _Rejected("altered") from None
    key, _ = keys.verify(signature["jws"], kind=JSON_KIND, payload=payload)
    return key, document


def _parsed(content: bytes) -> dict[str, Any]:
    """Return the object in a JSON text.

    An object with a key twice is rejected, because programs differ in the value that they take. So are
    numbers that the canonical form cannot tell apart: -0, NaN and infinity.
    """
    too_large = content.count(b",") > _MAX_VALUES or content.count(b"[") + content.count(b"{") > _MAX_BRACKETS
    if too_large:
        raise _Rejected("not_a_report")
    try:
        document = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_constant=_refused,
            parse_float=_float,
            parse_int=_int,
        )
    except (ValueError, RecursionError):
        raise _Rejected("not_a_report") from None
    if not isinstance(document, dict):
        raise _Rejected("not_a_report")
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key occurs twice")
    return values


def _refused(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")) or (value == 0 and text.startswith("-")):
        raise ValueError("a number has no canonical form")
    return value


def _int(text: str) -> int:
    if text == "-0":
        raise ValueError("a number has no canonical form")
    return int(text)
