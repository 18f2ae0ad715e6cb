"""For admins: how well moderators agree, with each other and with what is known, and the model's heatmaps with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import gradio as gr

from webapp.domain.errors import Refused
from webapp.services.accounts import Person
from webapp.texts.desk import DeskTexts
from webapp.texts.measures import MeasureTexts
from webapp.ui.auth import cookies
from webapp.ui.pages.desk.admin import QUIET
from webapp.ui.pages.desk.alpha_chart import chart
from webapp.ui.pages.desk.tables import table
from webapp.ui.services import DeskServices

_LEAST = 0.005  # a chance below that is no suggestion
Found = Mapping[str, Any]  # `Measures.to_json`, or a part of it


def build(services: DeskServices, texts: MeasureTexts, desk: DeskTexts, tab: gr.Tab) -> None:
    """Fill the tab anew whenever it is opened."""
    shown = gr.HTML(f"<p>{escape(texts.counting)}</p>", padding=False, apply_default_css=False)

    def show(request: gr.Request) -> str:
        person = services.signing.person_of(cookies.read_cookie(request.headers))
        return told(services, person, texts, desk)

    tab.select(show, None, shown, **QUIET)


def told(services: DeskServices, person: Person | None, texts: MeasureTexts, desk: DeskTexts) -> str:
    """What is measured, or why it is not for this person."""
    try:
        return measures(services.label_quality.report(person).to_json(), texts, desk)
    except Refused as refusal:
        return f"<p>{escape(refusal.message)}</p>"


def measures(found: Found, texts: MeasureTexts, desk: DeskTexts) -> str:
    """All sections as markup."""
    parts = (
        _agreement(found, texts),
        _people(found, texts),
        _heatmaps(found, texts),
        _suggestions(found, texts, desk),
    )
    return f"<div id='measures' class='desk desk-board'>{''.join(parts)}</div>"


def _agreement(found: Found, texts: MeasureTexts) -> str:
    overall, months = found["agreement"], found["months"]
    interval = _interval(overall["interval"], texts, _number)
    figure = f"<b>{_alpha(overall, found, texts)}</b>" + (
        f" <span>({escape(texts.alpha_interval.format(interval=interval))})</span>" if interval else ""
    )
    rows = [
        (
            escape(month["month"]),
            str(month["cases"]),
            _alpha(month, found, texts),
            _interval(month["interval"], texts, _number),
        )
        for month in months
    ]
    over_time = (
        f"<h3>{escape(texts.over_time)}</h3><p class='desk-help'>{escape(texts.over_time_help)}</p>{chart(months, texts)}"
        f"{table(texts.over_time, texts.months_columns, rows)}"
    )
    return (
        f"<section><h2>{escape(texts.agreement)}</h2>"
        f"<p class='desk-figure' id='measures-alpha'>{escape(texts.alpha)}: {figure}</p>"
        f"<p id='measures-faces'>{escape(texts.faces.format(cases=overall['cases']))}</p>"
        f"<p class='desk-help'>{escape(texts.agreement_help.format(fewest=found['fewest']))}</p>{over_time if months else ''}</section>"
    )


def _people(found: Found, texts: MeasureTexts) -> str:
    rows = [
        (
            escape(person["name"]),
            str(person["cases"]),
            *(_share(person[name], texts) for name in ("decided_alike", "gold_right", "switched")),
            _seconds(person, texts),
        )
        for person in found["people"]
    ]
    everybody = found["everybody"]
    rows.append(
        (
            escape(texts.everybody),
            str(everybody["cases"]),
            "",
            "",
            _share(everybody["switched"], texts),
            _seconds(everybody, texts),
        )
    )
    shown = (
        table(texts.people, texts.people_columns, rows)
        if found["people"]
        else f"<p>{escape(texts.no_people)}</p>"
    )
    return _section("people", texts.people, texts.people_help, shown)


def _heatmaps(found: Found, texts: MeasureTexts) -> str:
    rows = [
        (
            escape(model["version"]),
            f"<code>{escape(model['sha256'][:8])}</code>",
            _share(model["pointing"], texts),
            escape(texts.too_few) if model["mean_iou"] is None else _number(model["mean_iou"]),
        )
        for model in found["heatmaps"]
    ]
    shown = (
        table(texts.heatmaps, texts.heatmaps_columns, rows) if rows else f"<p>{escape(texts.no_heatmaps)}</p>"
    )
    return _section("heatmaps", texts.heatmaps, texts.heatmaps_help, shown)


def _suggestions(found: Found, texts: MeasureTexts, desk: DeskTexts) -> str:
    suggested = found["suggestions"]
    rows = [_suggestion(one, texts, desk) for one in suggested or ()]
    none = texts.too_few if suggested is None else texts.no_suggestions
    shown = table(texts.suggestions, texts.suggestions_columns, rows) if rows else f"<p>{escape(none)}</p>"
    return _section("suggestions", texts.suggestions, texts.suggestions_help, shown)


def _suggestion(one: Found, texts: MeasureTexts, desk: DeskTexts) -> tuple[str, ...]:
    case = escape(one["case"])
    likely = sorted(one["values"].items(), key=lambda value: -value[1])
    words = ", ".join(
        texts.suggestion.format(value=desk.values[name], share=_percent(chance))
        for name, chance in likely
        if chance >= _LEAST
    )
    return (
        f"<code title='{case}'>{case[:8]}</code>",
        escape(words),
        f"<a href='#disputed={case}'>{escape(texts.look)}</a>",
    )


def _section(name: str, title: str, explained: str, shown: str) -> str:
    return f"<section id='measures-{name}'><h2>{escape(title)}</h2><p class='desk-help'>{escape(explained)}</p>{shown}</section>"


def _alpha(agreement: Found, found: Found, texts: MeasureTexts) -> str:
    if agreement["alpha"] is not None:
        return _number(agreement["alpha"])
    return escape(texts.too_few if agreement["cases"] < found["fewest"] else texts.all_alike)


def _share(share: Found, texts: MeasureTexts) -> str:
    interval = _interval(share["interval"], texts, _percent)
    told = texts.too_few if share["share"] is None else f"{_percent(share['share'])} ({interval})"
    return escape(texts.share.format(hits=share["hits"], count=share["count"], share=told))


def _seconds(of: Found, texts: MeasureTexts) -> str:
    return escape(
        texts.too_few
        if of["median_seconds"] is None
        else texts.seconds.format(seconds=f"{of['median_seconds']:.0f}")
    )


def _interval(ends: Sequence[float] | None, texts: MeasureTexts, form: Callable[[float], str]) -> str:
    return "" if ends is None else escape(texts.interval.format(low=form(ends[0]), high=form(ends[1])))


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _percent(value: float) -> str:
    return f"{value:.0%}"
