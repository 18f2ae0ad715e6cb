"""`verify-report`: check that a report (PDF or JSON) is authentic, and that a file is the one it is about."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from webapp.settings import Settings

if TYPE_CHECKING:
    from webapp.services.results.verification import VerifiedReport

# Exit status if the report is not authentic, or the file is another one
NOT_AUTHENTIC = 2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "verify-report",
        help="check that a report is authentic",
        description=f"{__doc__} Without --key, this installation's keys and database answer. "
        f"Exit status 0: authentic; {NOT_AUTHENTIC}: not authentic, or another file; 1: it was not checked.",
    )
    parser.add_argument("report", type=Path, metavar="REPORT")
    parser.add_argument("--media", type=Path, metavar="FILE", help="the photo or video")
    parser.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help="public keys, saved from /.well-known/laanet-lens-keys.json of the site: "
        "nothing else is read, neither network nor database",
    )
    parser.add_argument("--json", action="store_true", help="print the answer of POST /api/v1/verify")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.services.reports.verification import MAX_REPORT_BYTES

    with args.report.open("rb") as file:
        report = file.read(MAX_REPORT_BYTES + 1)
    media_sha256 = None
    if args.media is not None:
        with args.media.open("rb") as file:
            media_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    answer = _verify(args, settings, report, media_sha256)
    if args.json:
        print(json.dumps(answer.to_json()))
    else:
        print("\n".join(_lines(answer)))
    is_other_file = answer.media is not None and not answer.media.matches
    return 0 if answer.authentic and not is_other_file else NOT_AUTHENTIC


def _verify(
    args: argparse.Namespace, settings: Settings, report: bytes, media_sha256: str | None
) -> VerifiedReport:
    from webapp.bootstrap import open_records
    from webapp.bootstrap.report_keys import published_keys, verification_service
    from webapp.domain.errors import Unable
    from webapp.security.signing_keys import InvalidKeys, parse_public_keys
    from webapp.services.reports.verification import check_report
    from webapp.services.results.verification import offline_verification

    if args.key is not None:
        try:
            keys = parse_public_keys(args.key.read_text(encoding="utf-8", errors="replace"))
        except InvalidKeys as error:
            raise Unable("invalid_report_keys", f"{args.key} cannot be used: {error}") from error
        return offline_verification(check_report(report, keys), media_sha256)
    keys = published_keys(settings)
    with open_records(settings, upgrade=False) as records:
        return verification_service(records, settings, lambda: keys).verify(report, media_sha256)


def _lines(answer: VerifiedReport) -> list[str]:
    """Return the answer as lines of text."""
    lines = [f"{'authentic' if answer.authentic else 'NOT authentic'} ({answer.finding})"]
    if answer.key is not None:
        lines.append(f"key {answer.key.kid}: {answer.key.status}")
        if answer.finding == "altered" and answer.key.status != "unknown":
            lines.append("the key is this host's, but the signature does not match it")
    if answer.report is not None:
        report = answer.report
        lines.append(f"created {report.created}; verdict {report.shown_verdict or report.outcome}")
        lines.append(f"about the file with sha256 {report.media.sha256}")
        if report.provenance is not None:
            lines.append(f"the file's Content Credentials: {report.provenance.status}")
            if report.provenance.ai_generated:
                lines.append("the file says that AI made it or a part of it")
        if report.conflict is not None:
            lines.append(f"contradiction: {report.conflict}")
    if answer.media is not None:
        lines.append("the file is the same" if answer.media.matches else "the file is ANOTHER one")
    if answer.receipt != "unknown":
        lines.append(f"the result: {answer.receipt}")
    if answer.later is not None:
        lines += [
            f"later model {score.model.name} {score.model.version}: {score.verdict}"
            for score in answer.later.scores
        ]
        decided = () if answer.later.decision is None else answer.later.decision.faces
        lines += [f"moderators on face {face.face}: {face.value}" for face in decided]
    return lines
