"""From one analysed file to the values of the page's components."""

from __future__ import annotations

from typing import Any

import gradio as gr

from laanet_core.errors import UnreadableMedia
from laanet_core.results import AnalysisResult
from webapp.texts import Texts
from webapp.ui.pages.analyse.layout import Layout, Next, address
from webapp.ui.pages.analyse.session_state import Shown, Visit
from webapp.ui.render import faces, headline, picture, timeline
from webapp.ui.render import reliability as trust
from webapp.ui.services import Services

Values = dict[Any, Any]  # by component


def nothing(layout: Layout, text: str) -> Values:
    """The page without an answer, saying why."""
    hidden = gr.update(visible=False)
    answer, following = layout.answer, layout.next
    return {
        answer.chooser: gr.update(choices=[], value=None, visible=False),
        answer.headline: headline.message(text),
        answer.picture: "",
        answer.table: "",
        answer.timeline: "",
        answer.clip: gr.update(value=None, visible=False),
        answer.stability: "",
        answer.consistency_panel: hidden,
        answer.consistency: "",
        answer.data_panel: hidden,
        answer.data: None,
        following.panel: hidden,
        following.kept: "",
        following.vote_panel: hidden,
        following.deleted: "",
        **_fresh_vote(following),
    }


def visit(layout: Layout, found: Visit, services: Services, texts: Texts, request: gr.Request) -> Values:
    """The answer to the file that is shown, and the choice between several."""
    assert found.shown is not None
    chooser = gr.update(
        choices=chooser_choices(found.files, services, texts),
        value=found.number,
        visible=len(found.files) > 1,
    )
    return {
        **answered(layout, found.shown, services, texts, _receipt_address(request, texts)),
        layout.answer.chooser: chooser,
    }


def _receipt_address(request: gr.Request, texts: Texts) -> str:
    """The receipt page's address as this visitor reaches it."""
    host = request.headers.get("host", "")
    scheme = request.headers.get("x-forwarded-proto", "http").split(",")[0].strip()
    return f"{scheme}://{host}{address(texts, 'receipt')}"


def answered(layout: Layout, shown: Shown, services: Services, texts: Texts, address: str) -> Values:
    """One file's answer, without what follows later (stability, the drawn clip) unless that is known already."""
    answer, following, result = layout.answer, layout.next, shown.analysed.result
    stored = shown.analysed.receipt is not None
    judged = result.outcome == "verdict"
    return {
        **_verdicts(layout, shown, services, texts),
        answer.stability: _strip(shown, services, texts),
        answer.timeline: timeline.plot(result, services.analysis.decision_of(result), texts)
        if result.kind == "video"
        else "",
        answer.clip: gr.update(value=None, visible=False),
        answer.consistency_panel: gr.update(visible=judged and result.kind == "image", open=False),
        answer.consistency: "",
        answer.data_panel: gr.update(visible=True),
        answer.data: _data(shown, services),
        following.panel: gr.update(visible=True),
        following.kept: _kept(shown, texts),
        following.link: gr.update(
            value=f"{address}#{shown.analysed.receipt}" if stored else "", visible=stored
        ),
        following.delete: gr.update(visible=stored),
        following.delete_sure: gr.update(visible=False),
        following.deleted: "",
        following.vote_panel: gr.update(visible=judged and stored),
        **_fresh_vote(following),
        following.subject: gr.update(choices=_subjects(shown, texts), value=0),
        **_earlier_vote(shown, following, texts),
        following.region_panel: gr.update(visible=result.kind == "image", open=False),
    }


def _kept(shown: Shown, texts: Texts) -> str:
    code = "kept" if shown.analysed.kept else shown.analysed.not_kept
    return "" if code is None else f"<p class='lens-ask' role='status'>{texts.kept[code]}</p>"


def held(layout: Layout, found: Visit, services: Services, texts: Texts) -> Values:
    """What is another on the page once it is known whether the shown file's verdicts hold."""
    shown = found.shown
    assert shown is not None
    values: Values = {
        layout.answer.stability: _strip(shown, services, texts),
        layout.answer.data: _data(shown, services),
    }
    if _left(shown, services) is not shown.analysed.result:
        values |= {
            **_verdicts(layout, shown, services, texts),
            layout.answer.chooser: gr.update(
                choices=chooser_choices(found.files, services, texts), value=found.number
            ),
        }
    return values


def _left(shown: Shown, services: Services) -> AnalysisResult:
    return services.evidence.held(shown.analysed.result, shown.stabilities)


def _verdicts(layout: Layout, shown: Shown, services: Services, texts: Texts) -> Values:
    """Where verdicts stand: those that are left."""
    result, answer = _left(shown, services), layout.answer
    first = headline.headline(result, texts, unstable=result.verdict != shown.analysed.result.verdict)
    if shown.analysed.receipt is None:
        first += headline.message(texts.not_stored)
    return {
        answer.headline: first,
        answer.picture: _pictures(shown, services, texts),
        answer.table: faces.table(result, texts),
    }


def _strip(shown: Shown, services: Services, texts: Texts) -> str:
    result, found = shown.analysed.result, shown.stabilities
    if result.outcome != "verdict":
        return ""
    if found is None:
        return trust.waiting_strip(texts)
    return trust.stability_strip(result, found, texts) + measured(shown, services, texts)


def _data(shown: Shown, services: Services) -> dict[str, Any]:
    """The answer as data; `shown_verdict` as in a report, once it is known."""
    given = shown.analysed.to_json()
    return given if shown.stabilities is None else {**given, "shown_verdict": _left(shown, services).verdict}


def measured(shown: Shown, services: Services, texts: Texts) -> str:
    """How often scores like these turned out to be fake."""
    result = shown.analysed.result
    numbers = (
        [track.track + 1 for track in result.tracks]
        if result.kind == "video"
        else range(1, len(result.faces) + 1)
    )
    words = texts.person_number if result.kind == "video" else texts.face_number
    found = zip(numbers, services.evidence.reliabilities(result), strict=True)
    lines = [(words.format(number=n), r.count, r.share, r.low, r.high) for n, r in found if r is not None]
    return trust.reliability_lines(lines, texts)


def _earlier_vote(shown: Shown, following: Next, texts: Texts) -> Values:
    if shown.said is None:
        return {}
    said = shown.said
    return {
        following.subject: gr.update(choices=_subjects(shown, texts), value=said.subject),
        following.vote: said.choice,
        following.tags: list(said.tags),
        following.note: said.words,
        following.thanks: texts.thanks_again,
    }


def _fresh_vote(following: Next) -> Values:
    return {following.vote: None, following.tags: [], following.note: "", following.thanks: ""}


def _subjects(shown: Shown, texts: Texts) -> list[tuple[str, int]]:
    result = shown.analysed.result
    if result.kind == "video":
        numbers, words = [track.track + 1 for track in result.tracks], texts.person_number
    else:
        numbers, words = list(range(1, len(result.faces) + 1)), texts.face_number
    return [(texts.whole_file, 0), *((words.format(number=number), number) for number in numbers)]


def _pictures(shown: Shown, services: Services, texts: Texts) -> str:
    result = _left(shown, services)
    if result.outcome == "rejected":
        return ""
    try:
        if result.kind == "image":
            return picture.picture(shown.media.picture(), result.faces, texts)
        return picture.moments(shown.media.moments(result), texts)
    except UnreadableMedia as error:
        return headline.message(headline.reason(error, texts))


def chooser_choices(shown: list[Shown], services: Services, texts: Texts) -> list[tuple[str, int]]:
    """The files of a visit, each with its verdict in words. A file's name is the visitor's; the radio shows it as text.

    It comes last, so that marks in it that turn the direction of writing turn nothing but itself. Gradio looks for its own mark of a
    word to translate in every label; a break without width keeps it from finding one.
    """
    names = [entry.name.replace("__i18n__", "__i18n\u200b__") for entry in shown]
    return [
        (f"{number}. {_words(entry, services, texts)}: {name}", number - 1)
        for number, (entry, name) in enumerate(zip(shown, names, strict=True), start=1)
    ]


def _words(entry: Shown, services: Services, texts: Texts) -> str:
    result = _left(entry, services)
    words = texts.verdicts[result.verdict] if result.verdict else texts.outcomes[result.outcome][0]
    return words[:1].upper() + words[1:]
