"""Tests of the handlers of cases, over the running desk."""

from __future__ import annotations

import pytest

from tests.conftest import Server
from tests.desks import Moderator, rows_of, signed_in
from tests.webapp.ui.desk.conftest import LABEL
from webapp.domain.ids import new_id


def test_nothing_is_revealed_before_the_blind_label(mia: Moderator, case: str) -> None:
    taken = mia.said("/take")
    assert set(taken) == {"case", "queue"}
    assert set(taken["case"]) == {"id", "kind", "format", "subject", "spots", "size", "labelled", "until"}
    assert set(taken["queue"]) == {"waiting", "today", "disputed"}
    revealed = mia.said(f"/case/{case}/blind", LABEL)
    assert set(revealed) == {"answer"}
    assert set(revealed["answer"]) == {"fake_prob", "verdict", "model", "votes", "provenance"}
    assert revealed["answer"]["votes"] == {"agree": 0, "disagree": 1, "not_sure": 0}


def test_a_reloaded_page_gets_the_own_label_and_the_answer_again(mia: Moderator, case: str) -> None:
    mia.said("/take")
    answer = mia.said(f"/case/{case}/blind", {**LABEL, "region": {"width": 2, "height": 2, "runs": [1, 3]}})
    again = mia.said("/take")
    assert set(again) == {"case", "queue", "answer", "own"}
    assert again["answer"] == answer["answer"]
    assert (again["own"]["value"], again["own"]["tags"]) == ("fake", ["eyes"])
    assert again["own"]["region"] == {"width": 2, "height": 2, "time": None, "runs": [1, 3]}


def test_the_next_case_comes_with_the_final_label(mia: Moderator, case: str) -> None:
    mia.said("/take")
    mia.said(f"/case/{case}/blind", LABEL)
    final = mia.said(f"/case/{case}/final", {"same": True})
    assert (final["state"], final["case"]) == ("open", None)


def test_an_admin_decides_a_dispute_and_may_undo_it(desk_server: Server, case: str) -> None:
    for name, value in (("mia", "fake"), ("noah", "real"), ("olga", "cannot_tell")):
        with signed_in(desk_server, name) as moderator:
            moderator.said("/take")
            moderator.said(f"/case/{case}/blind", {**LABEL, "value": value})
            moderator.said(f"/case/{case}/final", {"same": True})
    with signed_in(desk_server, "ada") as ada:
        dispute = ada.said("/disputed")
        assert set(dispute) == {"case", "labels", "answer"}
        assert {label["moderator"] for label in dispute["labels"]} == {1, 2, 3}
        decided = ada.said(f"/case/{case}/adjudicate", LABEL)
        assert (decided["state"], decided["case"], decided["queue"]["disputed"]) == ("decided", None, 0)
        assert ada.said(f"/case/{case}/undo", {"adjudicated": True})["case"]["id"] == case


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("undo", {"adjudicated": "perhaps"}),
        ("final", {"same": True, "skipped": 3}),
        ("flag", {"concern": "other", "skipped": 3}),
    ],
)
def test_refused_bodies_change_nothing(
    desk_server: Server, mia: Moderator, case: str, path: str, content: object
) -> None:
    mia.said("/take")
    mia.said(f"/case/{case}/blind", LABEL)
    before = rows_of(desk_server)
    assert mia.post(f"/case/{case}/{path}", content).json()["error"]["code"] == "invalid_request"
    assert mia.post(f"/case/{case}/skip", {"skipped": 3}).json()["error"]["code"] == "invalid_request"
    after = rows_of(desk_server)
    assert {name: rows for name, rows in after.items() if name != "signed_in"} == {
        name: rows for name, rows in before.items() if name != "signed_in"
    }


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ({**LABEL, "value": "maybe"}, 422, "invalid_label"),
        ({**LABEL, "confidence": "3"}, 400, "invalid_request"),
        ({**LABEL, "tags": ["ears"]}, 422, "invalid_tag"),
        ({**LABEL, "note": "a" * 2001}, 422, "note_too_long"),
        ({**LABEL, "note": "\ud800"}, 422, "invalid_note"),
        ({**LABEL, "region": {"width": 2, "height": 2, "runs": [0, 5]}}, 422, "invalid_region"),
        ({**LABEL, "region": {"width": 2, "height": 2, "runs": [4]}}, 422, "invalid_region"),
        ([], 400, "invalid_request"),
        ({"note": "a" * 2_000_001}, 413, None),
    ],
)
def test_invalid_labels_are_refused_and_not_stored(
    desk_server: Server, mia: Moderator, case: str, content: object, status: int, code: str | None
) -> None:
    mia.said("/take")
    answer = mia.post(f"/case/{case}/blind", content)
    assert answer.status_code == status, answer.text
    if code is not None:
        assert answer.json()["error"]["code"] == code
    assert rows_of(desk_server)["label"] == []


def test_unknown_and_unclaimed_cases_are_refused(mia: Moderator, case: str) -> None:
    for path in ("file", "view?name=plain", "heat"):
        assert mia.get(f"/case/{new_id()}/{path}").json()["error"]["code"] == "unknown_case"
    assert mia.get(f"/case/{case}/heat").json()["error"]["code"] == "not_labelled"
    assert mia.post(f"/case/{case}/blind", LABEL).json()["error"]["code"] == "claim_lost"
    assert mia.post(f"/case/{case}/final", LABEL).json()["error"]["code"] == "claim_lost"
    assert mia.post(f"/case/{case}/flag", {"concern": "dull"}).json()["error"]["code"] == "invalid_flag"
