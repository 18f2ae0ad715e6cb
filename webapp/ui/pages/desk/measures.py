"""Admins' page of label quality: agreement between moderators, with known answers, and with the heatmaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import gradio as gr

from webapp.domain.errors import Refused
from webapp.services.accounts import Person
from webapp.services.label_quality.drift import RateInBand
from webapp.services.label_quality.model_figures import ModelMeasures
from webapp.services.label_quality.report import (
    AgreementFigures,
    LabelQualityFigures,
    ModeratorFigures,
    MonthFigures,
    ProportionFigures,
)
from webapp.texts import ENGLISH
from webapp.texts.desk import DeskTexts
from webapp.texts.formats import share_text
from webapp.texts.measures import MeasureTexts
from webapp.ui.auth.cookies import read_cookie
from webapp.ui.pages.desk.alpha_chart import alpha_chart
from webapp.ui.pages.events import QUIET
from webapp.ui.render.model_measures import model_measures
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
        model = services.model_measures.present(person)
    except Refused as refusal:
        return render("desk/paragraph.jinja", text=refusal.message)
    return measures(report, texts, desk, model)


def drift_warning(services: DeskServices, texts: MeasureTexts) -> str:
    """Return the warnings for admins about rates outside of their promised bands; "" without any."""
    alarms = [_alarm(rate, texts) for rate in services.drift.rates if rate.is_outside]
    return render("desk/drift.jinja", alarms=alarms) if alarms else ""


def measures(report: LabelQualityFigures, texts: MeasureTexts, desk: DeskTexts, model: ModelMeasures) -> str:
    """Return all sections as HTML. Rows with too few observations become one sentence for each table."""
    figures = FigureFormat(texts, desk, report.fewest)
    return render(
        "desk/measures.jinja",
        report=report,
        texts=texts,
        figures=figures,
        chart=alpha_chart(report.months, texts),
        months=[month for month in report.months if month.cases >= report.fewest],
        few_months=figures.few((month.month, month.cases) for month in report.months),
        people=[person for person in report.people if _observations(person) >= report.fewest],
        few_people=figures.few((person.name, _observations(person)) for person in report.people),
        heatmaps=[row for row in report.heatmaps if row.pointing.count >= report.fewest],
        few_heatmaps=figures.few((row.version, row.pointing.count) for row in report.heatmaps),
        model_sections=model_measures(model, ENGLISH, level=3),
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
        """Return hits, count, and the share with its interval; a dash if they are too few."""
        if proportion.share is None:
            return self.texts.dash
        share = f"{_percent(proportion.share)} ({self._interval(proportion.interval, _percent)})"
        return self.texts.share.format(hits=proportion.hits, count=proportion.count, share=share)

    def seconds(self, seconds: float | None) -> str:
        """Return whole seconds; a dash if too few were measured."""
        return self.texts.dash if seconds is None else self.texts.seconds.format(seconds=f"{seconds:.0f}")

    def few(self, rows: Iterable[tuple[str, int]]) -> str:
        """Return a sentence about those rows of a table with too few observations; "" without any."""
        names = [
            self.texts.few_row.format(name=name, count=count) for name, count in rows if count < self.fewest
        ]
        return self.texts.few.format(fewest=self.fewest, rows=", ".join(names)) if names else ""

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


def _observations(person: ModeratorFigures) -> int:
    """Return the number of observations of a moderator's best founded figure."""
    return max(person.cases, person.decided_alike.count, person.gold_right.count, person.switched.count)


def _alarm(rate: RateInBand, texts: MeasureTexts) -> str:
    ends = [share_text(end, ENGLISH) for end in (*rate.interval, *rate.band)]
    return texts.alarm.format(
        rate=ENGLISH.model_measures.rates[rate.rate][0],
        share=share_text(rate.share, ENGLISH),
        month=rate.month or texts.alarm_all_months,
        low=ends[0],
        high=ends[1],
        band_low=ends[2],
        band_high=ends[3],
    )


def _percent(value: float) -> str:
    return f"{value:.0%}"
