"""Tests of the search of cases, with real files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from laanet_core.media.images import read_image
from laanet_core.media.reader import IN_PROCESS
from tests.webapp.services.conftest import Kept, refusal_code
from webapp.db.analysis_queries import analysis_by_receipt
from webapp.db.session import Sessions
from webapp.domain.enums import Reason
from webapp.media.fingerprint import Fingerprints, fingerprint
from webapp.security.tokens import new_receipt, receipt_hash, report_number
from webapp.services.accounts import Person
from webapp.services.moderation.case_search import MAX_TEXT, CaseSearchService
from webapp.services.moderation.ranking import TriageRules, open_case
from webapp.ui.pages.analyse.layout import EXAMPLES

FRAMES = 8
Opened = Callable[[str], str]


@pytest.fixture
def search(sessions: Sessions) -> CaseSearchService:
    return CaseSearchService(sessions, IN_PROCESS, frames=FRAMES)


@pytest.fixture
def open_on(sessions: Sessions) -> Opened:
    """Return a function that opens a case on a receipt and returns its public id."""

    def opened(receipt: str) -> str:
        with sessions.begin() as session:
            analysis = analysis_by_receipt(session, receipt_hash(receipt))
            assert analysis is not None
            return open_case(session, analysis, 1, Reason.REPORT, TriageRules()).public_id

    return opened


def test_every_name_of_a_case_finds_it(
    search: CaseSearchService, kept: Kept, open_on: Opened, people: list[Person]
) -> None:
    receipt = kept.add(0.95, file="b" * 64, media_sha256="a" * 64)
    case, moderator = open_on(receipt), people[1]
    for text in (
        case,
        f" {case.upper()}\n",
        receipt,
        f"https://lens.example/result#{receipt}",
        report_number(receipt),
        "a" * 64,
        "B" * 64,
    ):
        (row,) = search.find(moderator, text)
        # The row of a case that the moderator may label says nothing about it.
        assert (row.id, row.state, row.can_label) == (case, "open", True)
        assert {row.verdict, row.reason, row.conflict, row.model, row.opened_at} == {None}
    assert search.find(moderator, new_receipt()) == []
    assert search.find(moderator, "c" * 64) == []
    for text in ("", "astronaut.jpg", "a" * 63, "%" * 32, "a" * MAX_TEXT * 2, "\x00" * 32):
        assert refusal_code(search.find, moderator, text) == "invalid_search"
    assert refusal_code(search.find, None, case) == "not_signed_in"


def test_the_file_itself_comes_before_near_copies(
    search: CaseSearchService,
    kept: Kept,
    open_on: Opened,
    people: list[Person],
    samples: Path,
    tmp_path: Path,
) -> None:
    photo = samples / "astronaut.png"
    bits = fingerprint(read_image(photo))
    original = open_on(kept.add(bits=bits, media_sha256=hashlib.sha256(photo.read_bytes()).hexdigest()))
    other = open_on(kept.add(bits=bits ^ 0b11))
    open_on(kept.add(bits=bits ^ 0xFFFFFF))
    found = search.find_file(people[1], photo)
    assert [(row.id, row.distance) for row in found] == [(original, None), (other, 2)]
    # A smaller copy with lossy compression.
    copy = tmp_path / "copy.jpg"
    with Image.open(photo) as image:
        image.convert("RGB").resize((image.width // 2, image.height // 2)).save(copy, quality=60)
    near = search.find_file(people[1], copy)
    assert {row.id for row in near} == {original, other}
    assert all(row.distance is not None and row.distance <= 8 for row in near)


def test_a_clip_is_found_by_its_frames(
    search: CaseSearchService, kept: Kept, open_on: Opened, people: list[Person]
) -> None:
    clip = EXAMPLES / "clip.mp4"
    fingerprints = Fingerprints()
    for frame in IN_PROCESS.frames(clip, FRAMES):
        fingerprints(frame.rgb)
    case = open_on(kept.add(bits=fingerprints.chosen()[1], kind="video"))
    assert [(row.id, row.distance) for row in search.find_file(people[1], clip)] == [(case, 0)]


def test_unreadable_files_are_refused(
    search: CaseSearchService, people: list[Person], tmp_path: Path
) -> None:
    file = tmp_path / "upload"
    for content, code in ((b"", "empty_file"), (b"%PDF-1.7 nothing", "unsupported_type")):
        file.write_bytes(content)
        assert refusal_code(search.find_file, people[1], file) == code
    file.write_bytes(b"\xff\xd8\xff" + bytes(100))
    assert refusal_code(search.find_file, people[1], file) not in ("", "empty_file")
    assert refusal_code(search.find_file, None, file) == "not_signed_in"
