"""Tests that page and command show what the service measured, and no figure that rests on too few cases."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tests.conftest import ROOT
from tests.measured import GOLD, work
from webapp.bootstrap import Records, open_records
from webapp.db.tables import Label, RegionAgreement
from webapp.domain.clock import now
from webapp.domain.enums import Role
from webapp.services.accounts import HOST, AccountService
from webapp.services.label_quality.model_figures import ModelMeasures
from webapp.services.label_quality.report import (
    MIN_OBSERVATIONS,
    AgreementFigures,
    LabelQualityReport,
    Proportion,
)
from webapp.services.label_quality.service import LabelQualityService
from webapp.settings import Settings
from webapp.texts.desk import ENGLISH as DESK
from webapp.texts.measures import ENGLISH as TEXTS
from webapp.ui.pages.desk.measures import measures

NO_MODELS = ModelMeasures(as_of=now(), fewest=30, models=[])
# The command says it in words of its own.
COMMAND_TOO_FEW = "too few to tell"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def records(folder: Path) -> Iterator[Records]:
    with open_records(Settings(data=folder)) as opened:
        for name in ("mia", "noah", "olga"):
            AccountService(opened.sessions, opened.audit).invite(HOST, name, Role.MODERATOR)
        yield opened


def command_output(folder: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LENS_")}
    command = [sys.executable, "-m", "webapp", "measures", *arguments]
    environment = {**kept, "LENS_DATA": str(folder)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stderr == ""
    return done.stdout


def rows(page: str, section: str) -> list[list[str]]:
    """Return the text of the cells of a section's table."""
    part = re.search(rf'id="{section}".*?</section>', page, re.DOTALL)
    assert part is not None
    body = part[0].split("<tbody>")[1]
    return [
        [unescape(re.sub("<[^>]+>", "", cell)) for cell in re.findall(r"<td>(.*?)</td>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]


def month_rows(page: str) -> list[list[str]]:
    """Return the text of the cells of the table of months, which is the first table of the page."""
    body = page.split("<tbody>")[1].split("</tbody>", maxsplit=1)[0]
    return [re.findall(r"<td>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)]


def proportion_text(share: dict[str, Any]) -> str:
    if share["count"] < MIN_OBSERVATIONS:
        return TEXTS.dash
    low, high = share["interval"]
    return f"{share['hits']} of {share['count']}: {share['share']:.0%} ({low:.0%} to {high:.0%})"


def moderator_cells(person: dict[str, Any]) -> list[str]:
    """Return the figures of a moderator as page and command show them."""
    shares = [proportion_text(person[name]) for name in ("decided_alike", "gold_right", "switched")]
    seconds = TEXTS.dash if person["cases"] < MIN_OBSERVATIONS else f"{person['median_seconds']:.0f} s"
    return [*shares, seconds]


@dataclass(frozen=True)
class ReportOutputs:
    """One report as JSON, as HTML and as the command's text; `disputed` is the case with a suggestion."""

    report: LabelQualityReport
    json: dict[str, Any]
    page: str
    text: str
    disputed: str


@pytest.fixture
def outputs(records: Records, folder: Path) -> ReportOutputs:
    disputed = work(records.sessions)
    report = LabelQualityService(records.sessions).report(HOST)
    figures = report.figures()
    published = figures.model_dump(mode="json")
    assert json.loads(command_output(folder, "--json")) == published
    return ReportOutputs(
        report, published, measures(figures, TEXTS, DESK, NO_MODELS), command_output(folder), disputed
    )


def test_page_and_command_show_the_measured_alpha(outputs: ReportOutputs) -> None:
    """Alpha by hand: 34 cases have 70 labels, 33 of them fake, 36 real and one cannot tell.

    Two pairs differ, in one case of three labels one is outvoted, in another all three differ.
    """
    overall = outputs.report.agreement
    assert overall.alpha == pytest.approx(1 - 69 * (2 + 2 + 2 + 3) / (70**2 - 33**2 - 36**2 - 1))
    assert overall.interval is not None
    interval = f"{overall.interval.low:.2f} to {overall.interval.high:.2f}"
    assert f"<b>0.75</b> <span>(95 % interval {interval})</span>" in outputs.page
    assert f"  all       0.75 ({interval}), 34\n" in outputs.text
    assert [(month.period, month.cases) for month in outputs.report.months] == [
        ("2026-07", 10),
        ("2026-08", 12),
        ("2026-09", 12),
    ]
    assert outputs.page.count("<circle") == 3
    shown_months = [row[:3] for row in month_rows(outputs.page)]
    for month in outputs.report.months:
        assert [month.period, str(month.cases), f"{month.alpha:.2f}"] in shown_months


def test_page_and_command_show_each_moderator(outputs: ReportOutputs) -> None:
    people = rows(outputs.page, "measures-people")
    assert [row[0] for row in people] == ["mia", "noah", TEXTS.everybody]
    few = TEXTS.few.format(fewest=MIN_OBSERVATIONS, rows="olga (2)")
    assert outputs.page.count(few) == 1
    assert outputs.text.count(f"  {COMMAND_TOO_FEW}, fewer than {MIN_OBSERVATIONS}: olga (2)\n") == 1
    for row, person in zip(people[:2], outputs.json["people"][:2], strict=True):
        cells = moderator_cells(person)
        assert row == [person["name"], str(person["cases"]), *cells]
        line = "; ".join(cells)
        assert f"  {person['name']}: {person['cases']}; {line}\n" in outputs.text
    assert len(GOLD) < MIN_OBSERVATIONS
    assert people[0][1:] == [
        "36",
        "33 of 33: 100% (90% to 100%)",
        TEXTS.dash,
        "0 of 36: 0% (0% to 10%)",
        "38 s",
    ]
    assert people[1][4][:7] == "2 of 36"


def test_page_and_command_show_heatmaps_and_suggestions(outputs: ReportOutputs) -> None:
    assert rows(outputs.page, "measures-heatmaps") == [
        ["1.2", "31313131", "9 of 12: 75% (47% to 91%)", "0.38"],
    ]
    assert TEXTS.few.format(fewest=MIN_OBSERVATIONS, rows="&lt;2&gt; (4)") in outputs.page
    assert "  1.2 (31313131): 9 of 12: 75% (47% to 91%); 0.38\n" in outputs.text
    (suggested,) = outputs.json["suggestions"]
    assert suggested["case"] == outputs.disputed
    assert rows(outputs.page, "measures-suggestions")[0][0] == outputs.disputed[:8]
    assert f'href="#disputed={outputs.disputed}"' in outputs.page
    assert f"  {outputs.disputed}: " in outputs.text


def test_an_empty_database_gives_no_figures(records: Records, folder: Path) -> None:
    figures = LabelQualityService(records.sessions).report(HOST).figures()
    assert json.loads(command_output(folder, "--json")) == figures.model_dump(mode="json")
    assert figures.agreement == AgreementFigures(cases=0, alpha=None, interval=None)
    assert figures.suggestions is None
    page = measures(figures, TEXTS, DESK, NO_MODELS)
    for text in (TEXTS.too_few, TEXTS.no_people, TEXTS.no_heatmaps):
        assert text in page
    assert "<svg" not in page
    assert f"{COMMAND_TOO_FEW}, 0" in command_output(folder)


def test_withdrawn_regions_do_not_count(records: Records) -> None:
    work(records.sessions)
    with records.sessions.begin() as session:
        label = session.query(RegionAgreement.label_id).order_by(RegionAgreement.label_id).first()
        assert label is not None
        session.execute(update(Label).where(Label.id == label[0]).values(withdrawn_at=now()))
    counts = [model.pointing.count for model in LabelQualityService(records.sessions).report(HOST).heatmaps]
    assert counts == [11, 3]


@pytest.mark.parametrize(("count", "share"), [(MIN_OBSERVATIONS - 1, None), (MIN_OBSERVATIONS, 0.5)])
def test_a_share_needs_a_minimum_of_cases(count: int, share: float | None) -> None:
    figures = Proportion(MIN_OBSERVATIONS // 2, count).figures()
    assert figures.share == share
    assert (figures.interval is None) == (share is None)
    assert (figures.hits, figures.count) == (MIN_OBSERVATIONS // 2, count)
