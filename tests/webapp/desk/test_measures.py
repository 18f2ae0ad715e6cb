"""What the measures' page and command tell is what the service measured, and nothing where there is too little."""

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
from webapp.services.label_quality.report import FEWEST, LabelQualityReport, Proportion
from webapp.services.label_quality.service import LabelQualityService
from webapp.settings import Settings
from webapp.texts.desk import ENGLISH as DESK
from webapp.texts.measures import ENGLISH as WORDS
from webapp.ui.pages.desk.alpha_chart import chart
from webapp.ui.pages.desk.measures import measures


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def records(folder: Path) -> Iterator[Records]:
    with open_records(Settings(data=folder)) as opened:
        for name in ("mia", "noah", "olga"):
            AccountService(opened.sessions, opened.audit).invite(HOST, name, Role.MODERATOR)
        yield opened


def told(folder: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LENS_")}
    command = [sys.executable, "-m", "webapp", "measures", *arguments]
    environment = {**kept, "LENS_DATA": str(folder)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stderr == ""
    return done.stdout


def rows(page: str, section: str) -> list[list[str]]:
    """The cells of a section's table as they are read."""
    part = re.search(rf"id='{section}'.*?</section>", page, re.DOTALL)
    assert part is not None
    found = re.findall(r"<tr>(.*?)</tr>", part[0].split("<tbody>")[1])
    return [
        [unescape(re.sub("<[^>]+>", "", cell)) for cell in re.findall(r"<td>(.*?)</td>", row)]
        for row in found
    ]


def shown(share: dict[str, Any]) -> str:
    if share["count"] < FEWEST:
        return f"{share['hits']} of {share['count']}: too few to tell"
    low, high = share["interval"]
    return f"{share['hits']} of {share['count']}: {share['share']:.0%} ({low:.0%} to {high:.0%})"


@dataclass(frozen=True)
class Told:
    """What was measured, as JSON, on the page and by the command."""

    measured: LabelQualityReport
    found: dict[str, Any]
    page: str
    text: str
    disputed: str


@pytest.fixture
def all_told(records: Records, folder: Path) -> Told:
    disputed = work(records.sessions)
    measured = LabelQualityService(records.sessions).report(HOST)
    found = measured.to_json()
    assert json.loads(told(folder, "--json")) == found
    return Told(measured, found, measures(found, WORDS, DESK), told(folder), disputed)


def test_page_and_command_tell_the_alpha_that_was_measured(all_told: Told) -> None:
    """By hand: 34 cases; of 70 labels 33 say fake, 36 real, one cannot tell. Two pairs differ, one of three is outvoted, three differ."""
    overall = all_told.measured.overall
    assert overall.alpha == pytest.approx(1 - 69 * (2 + 2 + 2 + 3) / (70**2 - 33**2 - 36**2 - 1))
    assert overall.interval is not None
    interval = f"{overall.interval.low:.2f} to {overall.interval.high:.2f}"
    assert f"<b>0.75</b> <span>(95 % interval {interval})</span>" in all_told.page
    assert f"  all       0.75 ({interval}), 34\n" in all_told.text
    assert [(month.period, month.cases) for month in all_told.measured.months] == [
        ("2026-07", 10),
        ("2026-08", 12),
        ("2026-09", 12),
    ]
    assert all_told.page.count("<circle") == 3
    for month in all_told.measured.months:
        assert f"<td>{month.period}</td><td>{month.cases}</td><td>{month.alpha:.2f}</td>" in all_told.page


def test_page_and_command_tell_of_everybody_what_was_measured(all_told: Told) -> None:
    people = rows(all_told.page, "measures-people")
    assert [row[0] for row in people] == ["mia", "noah", "olga", WORDS.everybody]
    for row, person in zip(people, all_told.found["people"], strict=False):
        shares = [shown(person[name]) for name in ("decided_alike", "gold_right", "switched")]
        seconds = "too few to tell" if person["cases"] < FEWEST else f"{person['median_seconds']:.0f} s"
        assert row == [person["name"], str(person["cases"]), *shares, seconds]
        assert f"  {person['name']}: {person['cases']}; {'; '.join(shares)}; {seconds}\n" in all_told.text
    gold = f"{len(GOLD)} of {len(GOLD)}: too few to tell"
    assert people[0][1:] == ["36", "33 of 33: 100% (90% to 100%)", gold, "0 of 36: 0% (0% to 10%)", "38 s"]
    assert (people[1][4][:7], people[2][1], people[2][-1]) == ("2 of 36", "2", "too few to tell")


def test_page_and_command_tell_where_the_model_looks_and_what_is_suggested(all_told: Told) -> None:
    assert rows(all_told.page, "measures-heatmaps") == [
        ["1.2", "31313131", "9 of 12: 75% (47% to 91%)", "0.38"],
        ["<2>", "3c3c3c3c", "3 of 4: too few to tell", "too few to tell"],
    ]
    assert "  1.2 (31313131): 9 of 12: 75% (47% to 91%); 0.38\n" in all_told.text
    (suggested,) = all_told.found["suggestions"]
    assert suggested["case"] == all_told.disputed
    assert rows(all_told.page, "measures-suggestions")[0][0] == all_told.disputed[:8]
    assert f"href='#disputed={all_told.disputed}'" in all_told.page
    assert f"  {all_told.disputed}: " in all_told.text


def test_of_nothing_nothing_is_told(records: Records, folder: Path) -> None:
    found = LabelQualityService(records.sessions).report(HOST).to_json()
    assert json.loads(told(folder, "--json")) == found
    assert (found["agreement"], found["suggestions"]) == ({"cases": 0, "alpha": None, "interval": None}, None)
    page = measures(found, WORDS, DESK)
    for words in (WORDS.too_few, WORDS.no_people, WORDS.no_heatmaps):
        assert words in page
    assert "<svg" not in page
    assert "too few to tell, 0" in told(folder)


def test_regions_that_were_taken_back_do_not_count(records: Records) -> None:
    work(records.sessions)
    with records.sessions.begin() as session:
        label = session.query(RegionAgreement.label_id).order_by(RegionAgreement.label_id).first()
        assert label is not None
        session.execute(update(Label).where(Label.id == label[0]).values(withdrawn_at=now()))
    counts = [model.pointing.count for model in LabelQualityService(records.sessions).report(HOST).heatmaps]
    assert counts == [11, 3]


@pytest.mark.parametrize(("count", "said"), [(FEWEST - 1, None), (FEWEST, 0.5)])
def test_a_share_is_told_from_the_fewest_on(count: int, said: float | None) -> None:
    found = Proportion(FEWEST // 2, count).to_json()
    assert found["share"] == said
    assert (found["interval"] is None) == (said is None)
    assert (found["hits"], found["count"]) == (FEWEST // 2, count)


def test_the_line_breaks_where_a_month_is_missing() -> None:
    def month(name: str, alpha: float | None) -> dict[str, Any]:
        return {
            "month": name,
            "cases": 20,
            "alpha": alpha,
            "interval": None if alpha is None else [alpha - 0.2, alpha + 0.1],
        }

    drawn = chart(
        [month("2025-11", 0.5), month("2025-12", 0.7), month("2026-01", None), month("2026-02", -0.1)], WORDS
    )
    lines = re.findall(r"<polyline points='([^']*)'", drawn)
    assert [len(line.split()) for line in lines] == [2, 1]
    assert drawn.count("<circle") == 3
    assert ">−0.5<" in drawn  # the ground reaches down to the lowest interval
    assert chart([month("2025-11", 0.5), month("2025-12", None)], WORDS) == ""
