"""Tests of the tables of a report."""

from __future__ import annotations

import dataclasses

from reportlab.platypus import Flowable

from tests.webapp.sample_results import FLIPPING, PHOTO, VIDEO
from tests.webapp.services.reports.pdf import REJECTED, report_on
from webapp.services.reports import tables
from webapp.services.reports.text import register_fonts

WIDTH = 493


def height(table: Flowable) -> float:
    """Return the height of a table in points."""
    return table.wrap(WIDTH, 10_000)[1]


def test_tables_grow_by_a_row_per_subject_and_have_the_full_width() -> None:
    register_fonts()
    faces = tables.faces(report_on(PHOTO), WIDTH)
    assert round(faces.wrap(WIDTH, 10_000)[0]) == WIDTH
    assert height(faces) > height(tables.persons(report_on(VIDEO), WIDTH))
    assert height(tables.frames(report_on(VIDEO), WIDTH)) > height(faces)


def test_persons_without_a_verdict_have_a_row() -> None:
    register_fonts()
    judged = dataclasses.replace(VIDEO, faces=VIDEO.faces[:-1])
    assert height(tables.persons(report_on(VIDEO), WIDTH)) > height(tables.persons(report_on(judged), WIDTH))


def test_a_notice_is_one_more_fact() -> None:
    register_fonts()
    facts = tables.facts(report_on(REJECTED), WIDTH)
    assert height(tables.facts(report_on(REJECTED, notice="Research only"), WIDTH)) > height(facts)


def test_only_checked_faces_are_in_the_stability_table() -> None:
    register_fonts()
    one = tables.stability(report_on(PHOTO, stabilities=[FLIPPING, None]), WIDTH)
    both = tables.stability(report_on(PHOTO, stabilities=[FLIPPING, FLIPPING]), WIDTH)
    assert height(both) > height(one)
