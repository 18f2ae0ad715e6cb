"""Drift alarm: a measured rate of the serving model that has left the band which the host promised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from laanet_core.results import ModelInfo
from webapp.db.audit_chain import Event
from webapp.db.audit_sample_queries import last_model_event, lock_model_events
from webapp.domain.enums import Action, Actor, ModelRate
from webapp.services.audit.log import AuditService, RecordEvent
from webapp.services.audit.outbox import outbox_message
from webapp.services.label_quality.model_figures import Ends, ModelFigures, RateFigures
from webapp.services.label_quality.model_measures import ModelMeasureService

_ACTIONS = (Action.MODEL_LEFT_BAND, Action.MODEL_IN_BAND)
# Characters that the column of audit subjects takes.
_SUBJECT_LENGTH = 64


@dataclass(frozen=True)
class RateInBand:
    """A measured rate and its promised band, both as shares in [0, 1].

    `month` is YYYY-MM, or "" for all months together.
    """

    rate: ModelRate
    month: str
    share: float
    interval: Ends
    band: Ends

    @property
    def is_outside(self) -> bool:
        """Return True if the whole interval lies outside the band, so that chance hardly explains it."""
        return self.interval[1] < self.band[0] or self.interval[0] > self.band[1]


class DriftAlarm:
    """Compares the serving model's rates with the promised bands, and reports every change once.

    A report is an entry of the audit log, which also remembers the state for later processes, and with
    `webhook` a message. `model` returns the serving model. Without `bands` nothing is compared.
    """

    def __init__(
        self,
        audit: AuditService,
        measures: ModelMeasureService,
        model: Callable[[], ModelInfo],
        *,
        bands: Mapping[ModelRate, Ends],
        webhook: bool = False,
    ) -> None:
        self.bands = bands
        self._audit = audit
        self._measures = measures
        self._model = model
        self._webhook = webhook
        self._rates: tuple[RateInBand, ...] = ()

    @property
    def rates(self) -> tuple[RateInBand, ...]:
        """Return the rates of the last check that could be compared."""
        return self._rates

    def check(self) -> int:
        """Compare the rates as of today, report changes, and return their number. Raises SQLAlchemyError."""
        if not self.bands:
            return 0
        model = self._model()
        self._rates = self._compared(model)
        with self._audit.transaction() as (session, record):
            lock_model_events(session)
            return sum(self._report(session, record, model, rate) for rate in self._rates)

    def _compared(self, model: ModelInfo) -> tuple[RateInBand, ...]:
        models = self._measures.daily().models
        figures = next((found for found in models if found.sha256 == model.sha256), None)
        if figures is None:
            return ()
        compared = (_compare(figures, rate, band) for rate, band in self.bands.items())
        return tuple(rate for rate in compared if rate is not None)

    def _report(self, session: Session, record: RecordEvent, model: ModelInfo, rate: RateInBand) -> bool:
        """Record a change since the last report, and return whether there is one."""
        subject = f"model:{model.version}"[:_SUBJECT_LENGTH]
        key = {"rate": str(rate.rate), "sha256": model.sha256}
        last_action = last_model_event(session, _ACTIONS, subject, key)
        if rate.is_outside == (last_action == Action.MODEL_LEFT_BAND):
            return False
        action = Action.MODEL_LEFT_BAND if rate.is_outside else Action.MODEL_IN_BAND
        details = {
            **key,
            "month": rate.month,
            "share": rate.share,
            "interval": list(rate.interval),
            "band": list(rate.band),
        }
        record(Event(Actor.SYSTEM, action, subject, details))
        if self._webhook:
            session.add(outbox_message(str(action), {"version": model.version, **details}))
        return True


def _compare(figures: ModelFigures, rate: ModelRate, band: Ends) -> RateInBand | None:
    """Return the rate in the newest month that has one, else in all months; None if it is withheld."""
    newest_first = sorted(figures.months, key=lambda month: month.month, reverse=True)
    candidates: list[tuple[str, RateFigures]] = [
        (month.month, month.rates.by_rate()[rate]) for month in newest_first
    ]
    candidates.append(("", figures.total.rates.by_rate()[rate]))
    for month, measured in candidates:
        if measured.share is not None and measured.interval is not None:
            return RateInBand(rate, month, measured.share, measured.interval, band)
    return None
