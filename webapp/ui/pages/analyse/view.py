"""Values of the analysis page's components, made from analysed files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
from markupsafe import Markup

from laanet_core.decision import DecisionConfig
from laanet_core.results import AnalysisResult
from webapp.texts import Texts
from webapp.texts.addresses import address
from webapp.texts.formats import capitalised
from webapp.texts.sentences import numbered_subjects, reliability_sentence, summarise
from webapp.ui.example_files import EXAMPLE_PATH
from webapp.ui.pages.analyse.browser_results import browser_results
from webapp.ui.pages.analyse.layout import ActionComponents, Layout
from webapp.ui.pages.analyse.session_state import AnalysedFile, Visit
from webapp.ui.render import cards, evidence, headline, reliability
from webapp.ui.render.known_file import known_file
from webapp.ui.render.share import share
from webapp.ui.services import Services
from webapp.ui.templating import render

# Component to value or update.
Values = dict[Any, Any]


def empty_page(layout: Layout, text: str) -> Values:
    """Return the page without a result; `text` gives the reason."""
    hidden = gr.update(visible=False)
    answer = layout.answer
    following = layout.next
    return {
        answer.chooser: gr.update(choices=[], value=None, visible=False),
        answer.headline: headline.message(text),
        answer.picture: "",
        answer.table: "",
        answer.clip_view: hidden,
        answer.player: "",
        answer.timeline: "",
        answer.moments: "",
        answer.make_clip: hidden,
        answer.clip: gr.update(value=None, visible=False),
        answer.stability: "",
        answer.consistency_panel: hidden,
        answer.consistency: "",
        answer.data_panel: hidden,
        answer.data: None,
        following.panel: hidden,
        following.file_status: "",
        following.vote_panel: hidden,
        following.deleted: "",
        **_fresh_vote(following),
    }


def selected_result(
    layout: Layout, visit: Visit, services: Services, texts: Texts, request: gr.Request
) -> Values:
    """Return the result of the selected file, and the chooser if there are several."""
    assert visit.selected is not None
    chooser = gr.update(
        choices=chooser_choices(visit.files, texts),
        value=visit.number,
        visible=len(visit.files) > 1,
    )
    receipt_page = receipt_address(request, texts)
    return {
        **result_values(layout, visit.selected, services, texts, receipt_page=receipt_page),
        layout.answer.chooser: chooser,
    }


def receipt_address(request: gr.Request, texts: Texts) -> str:
    """Return the absolute address of the receipt page as this visitor reaches it."""
    host = request.headers.get("host", "")
    scheme = request.headers.get("x-forwarded-proto", "http").split(",")[0].strip()
    return f"{scheme}://{host}{address(texts, 'receipt')}"


def result_values(
    layout: Layout, shown: AnalysedFile, services: Services, texts: Texts, *, receipt_page: str
) -> Values:
    """Return the result of one file. Stability follows later unless it is already known.

    `receipt_page` is the absolute address of the page that shows stored results.
    """
    answer = layout.answer
    following = layout.next
    result = shown.analysis.result
    is_photo = result.kind == "image"
    is_stored = shown.analysis.receipt is not None
    has_verdict = result.outcome == "verdict"
    link = f"{receipt_page}#{shown.analysis.receipt}" if is_stored else ""
    return {
        **_verdicts(layout, shown, services, texts),
        answer.clip_view: gr.update(visible=has_verdict and not is_photo),
        answer.player: _player(shown, texts),
        answer.timeline: evidence.chart(result, _decision(shown, services), texts),
        answer.make_clip: gr.update(visible=has_verdict and not is_photo, interactive=True),
        answer.clip: gr.update(value=None, visible=False),
        answer.consistency_panel: gr.update(visible=has_verdict and is_photo, open=False),
        answer.consistency: "",
        answer.data_panel: gr.update(visible=True),
        answer.data: _data(shown),
        following.panel: gr.update(visible=shown.example is None),
        following.file_status: _file_status(shown, texts),
        following.link: gr.update(value=link, visible=is_stored),
        following.share: share(link, texts),
        following.delete: gr.update(visible=is_stored),
        following.confirmation.row: gr.update(visible=False),
        following.deleted: "",
        following.vote_panel: gr.update(visible=has_verdict and is_stored),
        **_fresh_vote(following),
        following.subject: gr.update(choices=_subjects(shown, texts), value=0),
        **_earlier_vote(shown, following, texts),
        following.region_panel: gr.update(visible=is_photo, open=False),
    }


def _decision(shown: AnalysedFile, services: Services) -> DecisionConfig:
    """Return the thresholds of the model that judged a file."""
    return shown.decision or services.analysis.decision_of(shown.analysis.result)


def _player(shown: AnalysedFile, texts: Texts) -> Markup:
    """Return the player of a clip, which the browser fills with the visitor's own file; "" for a photo."""
    if shown.analysis.result.kind != "video":
        return Markup("")
    size = shown.path.stat().st_size if shown.path.is_file() else 0
    source = f"{EXAMPLE_PATH}/{shown.example}" if shown.example else ""
    return evidence.player(shown.name, size, source, texts.player_unplayable, texts)


def _file_status(shown: AnalysedFile, texts: Texts) -> Markup:
    """Return whether the file was kept, or "" if the visitor did not consent."""
    code = "kept" if shown.analysis.is_kept else shown.analysis.not_kept
    if code is None:
        return Markup("")
    return render("file_status.jinja", text=texts.file_storage[code])


def checked_result(layout: Layout, visit: Visit, services: Services, texts: Texts) -> Values:
    """Return the values that the stability check of the selected file changes on the page."""
    shown = visit.selected
    assert shown is not None
    values: Values = {
        **_cards(layout, shown, services, texts),
        layout.answer.data: _data(shown),
        layout.answer.results: browser_results("", [shown]),
    }
    if shown.shown_result() is not shown.analysis.result:
        values |= {
            **_verdicts(layout, shown, services, texts),
            layout.answer.chooser: gr.update(choices=chooser_choices(visit.files, texts), value=visit.number),
        }
    return values


def _verdicts(layout: Layout, shown: AnalysedFile, services: Services, texts: Texts) -> Values:
    """Return all components that show verdicts, after the stability check."""
    result = shown.shown_result()
    is_unstable = result.verdict != shown.analysis.result.verdict
    head = headline.headline(result, texts, unstable=is_unstable)
    if shown.example is not None:
        head = headline.example_note(shown.name, result.model, texts) + head
    elif shown.analysis.receipt is None:
        head += headline.message(texts.not_stored)
    head += known_file(shown.analysis.known, result.kind, texts)
    return {
        layout.answer.headline: head,
        **_pictures(layout, shown, texts),
        **_cards(layout, shown, services, texts),
    }


def _cards(layout: Layout, shown: AnalysedFile, services: Services, texts: Texts) -> Values:
    """Return the cards of all faces or persons, with the stability of their verdicts if it is known."""
    judged = shown.analysis.result
    has_verdict = judged.outcome == "verdict"
    notes = cards.CardNotes(
        rows={}
        if shown.stabilities is None
        else reliability.stability_rows(judged, shown.stabilities, texts),
        reliability=_reliability(judged, services, texts)
        if has_verdict and shown.stabilities is not None
        else {},
        is_waiting=has_verdict and shown.stabilities is None,
    )
    if shown.close_ups is None:
        shown.close_ups = evidence.close_ups(shown.media, judged)
    images = shown.close_ups or {}
    return {
        layout.answer.table: evidence.face_cards(
            shown.shown_result(), images, _decision(shown, services), notes, texts
        ),
        layout.answer.stability: "",
    }


def _data(shown: AnalysedFile) -> dict[str, Any]:
    """Return the raw data, with `shown_verdict` as in the report after the stability check."""
    data = shown.analysis.document().to_json()
    if shown.stabilities is None:
        return data
    return {**data, "shown_verdict": shown.shown_result().verdict}


def _reliability(result: AnalysisResult, services: Services, texts: Texts) -> dict[int, str]:
    """Return how often scores like these were fake, by number of the face or person."""
    shares = services.evidence.reliabilities(result)
    numbered = zip(numbered_subjects(result, texts), shares, strict=True)
    return {
        number: reliability_sentence(share.count, share.share, (share.low, share.high), result.kind, texts)
        for (number, _), share in numbered
        if share is not None
    }


def _earlier_vote(shown: AnalysedFile, following: ActionComponents, texts: Texts) -> Values:
    """Return the form with the last vote on the file; {} if there is none."""
    if shown.last_vote is None:
        return {}
    vote = shown.last_vote
    return {
        following.subject: gr.update(choices=_subjects(shown, texts), value=vote.subject),
        following.vote: vote.choice,
        following.tags: list(vote.tags),
        following.note: vote.note,
        following.thanks: texts.thanks_again,
    }


def _fresh_vote(following: ActionComponents) -> Values:
    """Return the empty form."""
    return {following.vote: None, following.tags: [], following.note: "", following.thanks: ""}


def _subjects(shown: AnalysedFile, texts: Texts) -> list[tuple[str, int]]:
    """Return name and number of every subject of a vote: the whole file, then each face or person."""
    subjects = [(name, number) for number, name in numbered_subjects(shown.analysis.result, texts)]
    return [(texts.whole_file, 0), *subjects]


def _pictures(layout: Layout, shown: AnalysedFile, texts: Texts) -> Values:
    """Return the photo, or the highest-scoring moments of a clip, at their places on the page."""
    result = shown.shown_result()
    answer = layout.answer
    place, other = (answer.picture, answer.moments)
    if result.kind == "video":
        place, other = other, place
    return {place: evidence.pictures(shown.media, result, texts), other: ""}


def chooser_choices(files: Sequence[AnalysedFile], texts: Texts) -> list[tuple[str, int]]:
    """Return label and index of every file of a visit.

    A label has the file's verdict and the visitor's name for it. The name comes last: it may contain
    characters that reverse the direction of writing, and they affect only text after them. Gradio translates
    `__i18n__` in a label; a zero-width space keeps it from doing so in a name.
    """
    choices = []
    for index, entry in enumerate(files):
        name = entry.name.replace("__i18n__", "__i18n\u200b__")
        choices.append((f"{index + 1}. {_short_result(entry, texts)}: {name}", index))
    return choices


def _short_result(entry: AnalysedFile, texts: Texts) -> str:
    """Return the verdict of a file, or its outcome if it has none, with a capital letter."""
    result = entry.shown_result()
    return capitalised(texts.verdicts[result.verdict] if result.verdict else summarise(result).title(texts))
