"""Admins' page of label quality: agreement between moderators, with known answers, and with the heatmaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import gradio as gr

from webapp.domain.errors import Refused
from webapp.services.accounts import Person
from webapp.services.label_quality.report import (
    AgreementFigures,
    LabelQualityFigures,
    MonthFigures,
    ProportionFigures,
)
from webapp.texts.desk import DeskTexts
from webapp.texts.measures import MeasureTexts
from webapp.ui.auth.cookies import read_cookie
from webapp.ui.pages.desk.alpha_chart import alpha_chart
from webapp.ui.pages.events import QUIET
from webapp.ui.services import DeskServices
from webapp.ui.templating import render

# Least probability of a suggested value. A lower one would be rounded to 0 %.
_MIN_SUGGESTED = 0.005


def build(services: DeskServices, texts: MeasureTexts, desk: DeskTexts, tab: gr.Tab) -> None:
    """Add the content of the tab. It gets new figures each time a person opens the tab."""
    waiting = render("desk/paragraph.jinja", text=texts.counting)
    content = gr.HTML(waiting, padding=False, apply_default_css=False)

    def show(request: gr.Request) -> str:
        person = services.signing.person_of(read_cookie(request.headers))
        return measures_page(services, person, texts, desk)

    tab.select(show, None, content, **QUIET)


def measures_page(services: DeskServices, person: Person | None, texts: MeasureTexts, desk: DeskTexts) -> str:
    """Return the figures as HTML, or the reason why this person may not see them."""
    try:
        report = services.label_quality.report(person).figures()
    except Refused as refusal:
        return render("desk/paragraph.jinja", text=refusal.message)
    return measures(report, texts, desk)


def measures(report: LabelQualityFigures, texts: MeasureTexts, desk: DeskTexts) -> str:
    """Return all sections as HTML."""
    return render(
        "desk/measures.jinja",
        report=report,
        texts=texts,
        figures=FigureFormat(texts, desk, report.fewest),
        chart=alpha_chart(report.months, texts),
    )


@dataclass(frozen=True)
class FigureFormat:
    """Text of the report's figures. A figure that rests on fewer than `fewest` cases is None there."""

    texts: MeasureTexts
    desk: DeskTexts
    fewest: int

    def alpha(self, agreement: AgreementFigures | MonthFigures) -> str:
        """Return Krippendorff's alpha, or the reason why there is none."""
        if agreement.alpha is not None:
            return self.number(agreement.alpha)
        return self.texts.too_few if agreement.cases < self.fewest else self.texts.all_alike

    def proportion(self, proportion: ProportionFigures) -> str:
        """Return hits, count, and the share with its interval."""
        share = self.texts.too_few
        if proportion.share is not None:
            share = f"{_percent(proportion.share)} ({self._interval(proportion.interval, _percent)})"
        return self.texts.share.format(hits=proportion.hits, count=proportion.count, share=share)

    def seconds(self, seconds: float | None) -> str:
        """Return whole seconds."""
        return self.texts.too_few if seconds is None else self.texts.seconds.format(seconds=f"{seconds:.0f}")

    def number(self, value: float) -> str:
        """Return a number with two decimals."""
        return f"{value:.2f}".replace("-", "−")

    def number_interval(self, ends: Sequence[float] | None) -> str:
        """Return an interval of two numbers; "" if there is none."""
        return self._interval(ends, self.number)

    def suggestion(self, probabilities: Mapping[str, float]) -> str:
        """Return the probable values of a disputed case, the most probable first."""
        parts = []
        for value, probability in sorted(probabilities.items(), key=lambda item: -item[1]):
            if probability >= _MIN_SUGGESTED:
                name = self.desk.values[value]
                parts.append(self.texts.suggestion.format(value=name, share=_percent(probability)))
        return ", ".join(parts)

    def _interval(self, ends: Sequence[float] | None, number_format: Callable[[float], str]) -> str:
        if ends is None:
            return ""
        return self.texts.interval.format(low=number_format(ends[0]), high=number_format(ends[1]))


def _percent(value: float) -> str:
    return f"{value:.0%}"
