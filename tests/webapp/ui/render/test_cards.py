"""Tests of the cards of faces and persons."""

from __future__ import annotations

import dataclasses
import re
from typing import get_args

import numpy as np
import pytest

from laanet_core.decision import DecisionConfig
from laanet_core.inference.key_frames import Moment
from laanet_core.results import AnalysisResult, NotJudgedReason, Segment
from tests.webapp.sample_results import FAKE, FLIPPING, PARTLY_FAKE, PHOTO, SMALL, VIDEO
from webapp.texts import LANGUAGES, Texts
from webapp.texts.counting import counted
from webapp.texts.formats import capitalised, share_text
from webapp.texts.sentences import summarise
from webapp.ui.render.cards import (
    CROWD_CARDS,
    CardNotes,
    clip_images,
    face_cards,
    photo_images,
    subjects_of,
)
from webapp.ui.render.reliability import stability_rows

ENGLISH = LANGUAGES["en"]
ALL_LANGUAGES = pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
DECISION = DecisionConfig(real_below=0.2, fake_above=0.7)
GREY = np.full((80, 100, 3), 120, np.uint8)


def cards(result: AnalysisResult, texts: Texts = ENGLISH, notes: CardNotes | None = None) -> str:
    """Return the cards of a photo or clip on a grey picture."""
    moment = Moment(GREY, 0.0, result.faces)
    images = clip_images([moment]) if result.kind == "video" else photo_images(moment)
    return face_cards(result, subjects_of(result, images, texts), DECISION, notes or CardNotes(), texts)


@ALL_LANGUAGES
def test_every_face_has_its_verdict_images_and_reason(texts: Texts) -> None:
    html = cards(PHOTO, texts)
    assert re.findall(r'id="face-(\d)"', html) == ["1", "2"]
    judged, unjudged = html.split('id="face-2"')
    assert texts.verdicts["fake"].casefold() in judged.casefold()
    assert judged.count("<img") == 2
    value, low, high = (share_text(share, texts) for share in (0.88, 0.2, 0.7))
    assert texts.gauge.format(value=value, low=low, high=high) in judged
    # The hot cell of the sample is left of the middle
    assert texts.face_parts["middle-middle"] in judged
    assert unjudged.count("<img") == 1
    assert texts.not_judged_reasons["too_small"] in unjudged
    assert 'role="img"' not in unjudged


@ALL_LANGUAGES
def test_the_heatmap_is_explained_once(texts: Texts) -> None:
    html = cards(PHOTO, texts)
    for words in (texts.heat_legend, texts.contour_help, texts.points_help):
        assert html.count(words) == 1
    cold = dataclasses.replace(PHOTO, faces=(SMALL,), outcome="face_too_small", verdict=None)
    assert texts.heat_legend not in cards(cold, texts)


@pytest.mark.parametrize("reason", get_args(NotJudgedReason))
@ALL_LANGUAGES
def test_every_reason_not_to_judge_a_face_is_explained(reason: NotJudgedReason, texts: Texts) -> None:
    hidden = dataclasses.replace(SMALL, not_judged=reason)
    assert texts.not_judged_reasons[reason] in cards(dataclasses.replace(PHOTO, faces=(hidden,)), texts)


@pytest.mark.parametrize("verdict", ["real", "inconclusive", "fake"])
@pytest.mark.parametrize("has_spots", [True, False])
def test_the_reason_fits_verdict_and_heatmap(verdict: str, has_spots: bool) -> None:
    heatmap = FAKE.heatmap if has_spots else FAKE.heatmap * 0.1  # type: ignore[operator]
    face = dataclasses.replace(FAKE, verdict=verdict, heatmap=heatmap)
    expected = ENGLISH.reasons[f"{'' if has_spots else 'no_'}spots_{verdict}"]
    assert expected.split("{")[0] in cards(dataclasses.replace(PHOTO, faces=(face,)))


def test_stability_is_one_line_that_unfolds() -> None:
    waiting = cards(PHOTO, notes=CardNotes(is_waiting=True))
    assert waiting.count(ENGLISH.stability_running) == 1
    rows = stability_rows(PHOTO, [FLIPPING, None], ENGLISH)
    html = cards(PHOTO, notes=CardNotes(rows=rows, reliability={1: "75% were fake"}))
    assert html.count('<details class="lens-strip"') == 1
    summary = re.search(r'<details class="lens-strip".*?</summary>', html, re.DOTALL)
    assert summary is not None
    assert ENGLISH.stability_findings["flips"] in summary[0]
    assert "75% were fake" in html


def test_a_crowd_shows_the_highest_scores_and_folds_the_others() -> None:
    faces = [dataclasses.replace(FAKE, fake_prob=0.01 * number) for number in range(99)]
    html = cards(dataclasses.replace(PHOTO, faces=(SMALL, *faces)))
    shown, folded = html.split('<details class="lens-more"')
    assert re.findall(r'id="face-(\d+)"', shown) == ["100", "99", "98", "97"]
    assert len(re.findall(r'id="face-\d+"', folded)) == 100 - CROWD_CARDS
    assert re.findall(r'id="face-(\d+)"', folded)[-1] == "1"
    assert ENGLISH.more_faces.format(count=96) in folded
    # Both close-ups of a hundred faces
    assert len(html) < 1_500_000


def test_a_clip_has_a_card_per_person_at_their_highest_score() -> None:
    html = cards(VIDEO)
    assert re.findall(r'id="face-(\d)"', html) == ["1", "2"]
    assert counted(ENGLISH.person_frames, 3).format(count=3) in html
    assert "lens-to-box" not in html
    later = dataclasses.replace(VIDEO.faces[0], fake_prob=0.99)
    bright = Moment(np.full_like(GREY, 250), 2.0, (later,))
    images = clip_images([Moment(GREY, 0.0, VIDEO.faces[:1]), bright])
    assert images == clip_images([bright])


def test_the_card_of_a_person_names_the_fake_passages() -> None:
    passages = (
        Segment(0, 0.0, 2.0, 0.1, "real", -2.0, 8),
        Segment(0, 2.0, 6.0, 0.97, "fake", 4.0, 8),
        Segment(1, 1.0, 3.0, 0.1, "real", -2.0, 8),
    )
    html, _ = cards(dataclasses.replace(VIDEO, segments=passages)).split('<details class="lens-exact"')
    first, second = html.split('id="face-2"')
    assert ENGLISH.fake_segments.format(segments="0:02 to 0:06") in first
    assert ENGLISH.fake_segments.split("{")[0] not in second


@ALL_LANGUAGES
def test_the_card_of_a_partly_fake_person_agrees_with_the_headline(texts: Texts) -> None:
    html, _ = cards(PARTLY_FAKE, texts).split('<details class="lens-exact"')
    assert summarise(PARTLY_FAKE).title(texts).startswith(texts.part_fake.split("{")[0])
    assert f'lens-pill lens-fake">{capitalised(texts.partly_fake)}</span>' in html
    value, low, high, mean = (share_text(share, texts) for share in (0.97, 0.2, 0.7, 0.6))
    assert texts.gauge.format(value=value, low=low, high=high) in html
    assert texts.reasons["spots_fake"].split("{")[0] in html
    assert texts.part_score.format(segment=texts.segment.format(start="0:02", end="0:06")) in html
    assert counted(texts.part_mean, 16).format(count=16, mean=mean) in html
    assert '<li class="lens-face lens-fake"' in html
    assert texts.reasons["spots_inconclusive"].split("{")[0] not in html


def test_a_short_passage_alone_leaves_the_mean_on_the_card() -> None:
    short = (PARTLY_FAKE.segments[0], dataclasses.replace(PARTLY_FAKE.segments[1], end=2.3))
    html = cards(dataclasses.replace(PARTLY_FAKE, verdict="inconclusive", segments=short))
    assert 'lens-pill lens-inconclusive">Inconclusive</span>' in html
    assert ENGLISH.gauge.format(value="60%", low="20%", high="70%") in html


def test_no_faces_have_no_cards() -> None:
    assert cards(dataclasses.replace(PHOTO, faces=())) == ""
