"""How well moderators agree, with each other, with what was decided, and with what is known; and how the heatmaps agree with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from statistics import fmean, median

from webapp.db import label_quality_queries as queries
from webapp.db.label_quality_queries import CountingLabel
from webapp.db.session import Sessions
from webapp.db.tables import RegionAgreement
from webapp.domain.enums import CaseState, Role, Stage
from webapp.services.accounts import require
from webapp.services.accounts.principal import Host, Principal
from webapp.services.label_quality.dawid_skene import estimate_consensus
from webapp.services.label_quality.krippendorff import alpha, counts, krippendorff_interval
from webapp.services.label_quality.report import (
    HeatmapStats,
    LabelAgreement,
    LabelQualityReport,
    ModeratorStats,
    Proportion,
)


class LabelQualityService:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def report(self, person: Principal) -> LabelQualityReport:
        """For admins and the host. Raises Refused: not_signed_in, not_allowed."""
        if not isinstance(person, Host):
            require(person, Role.ADMIN)
        with self._sessions() as session:
            given = queries.counting_labels(session)
            decided, gold = queries.decided_values(session), queries.gold_values(session)
            agreements = queries.region_agreements(session)
        blind = [label for label in given if label.stage == Stage.BLIND and label.case_id not in gold]
        final = [label for label in given if label.stage == Stage.FINAL]
        return LabelQualityReport(
            overall=_agreement("", blind),
            months=tuple(_agreement(month, labels) for month, labels in _by_month(blind)),
            people=tuple(_person(labels, decided, gold) for labels in _by_person(given)),
            heatmaps=tuple(
                _heatmaps(list(rows)) for _, rows in groupby(agreements, lambda row: row.model_sha256)
            ),
            cases=len(final),
            switched=_switched(given),
            median_seconds=_median(final),
            suggestions=_suggestions([label for label in final if label.case_id not in gold]),
        )


def _agreement(period: str, labels: Sequence[CountingLabel]) -> LabelAgreement:
    table = counts((label.case_id, label.value) for label in labels)
    several = int((table.sum(axis=1) >= 2).sum()) if labels else 0
    return LabelAgreement(
        period, several, alpha(table) if labels else None, krippendorff_interval(table) if labels else None
    )


def _by_month(labels: Sequence[CountingLabel]) -> list[tuple[str, list[CountingLabel]]]:
    """A case belongs to the month of its first label."""
    first: dict[int, str] = {}
    months: dict[str, list[CountingLabel]] = defaultdict(list)
    for label in labels:
        months[first.setdefault(label.case_id, label.created_at.strftime("%Y-%m"))].append(label)
    return sorted(months.items())


def _by_person(labels: Sequence[CountingLabel]) -> list[list[CountingLabel]]:
    people: dict[int, list[CountingLabel]] = defaultdict(list)
    for label in labels:
        if label.stage != Stage.ADJUDICATION:
            people[label.account_id].append(label)
    return sorted(people.values(), key=lambda own: own[0].name)


def _person(
    own: Sequence[CountingLabel], decided: Mapping[int, str], gold: Mapping[int, str]
) -> ModeratorStats:
    blind = {label.case_id: label.value for label in own if label.stage == Stage.BLIND}
    final = [label for label in own if label.stage == Stage.FINAL]
    others = {case: value for case, value in decided.items() if case not in gold}
    return ModeratorStats(
        own[0].account_id,
        own[0].name,
        len(final),
        _alike(blind, others),
        _alike(blind, gold),
        _switched(own),
        _median(final),
    )


def _alike(said: Mapping[int, str], known: Mapping[int, str]) -> Proportion:
    both = said.keys() & known.keys()
    return Proportion(sum(said[case] == known[case] for case in both), len(both))


def _switched(labels: Iterable[CountingLabel]) -> Proportion:
    """Of those who gave a blind and a final label on a case."""
    said: dict[tuple[int, int], dict[str, str]] = defaultdict(dict)
    for label in labels:
        said[label.case_id, label.account_id][label.stage] = label.value
    both = [values for values in said.values() if values.keys() >= {Stage.BLIND, Stage.FINAL}]
    return Proportion(sum(values[Stage.BLIND] != values[Stage.FINAL] for values in both), len(both))


def _median(labels: Sequence[CountingLabel]) -> float | None:
    return median(label.seconds for label in labels) if labels else None


def _heatmaps(rows: Sequence[RegionAgreement]) -> HeatmapStats:
    hits = Proportion(sum(bool(row.hit) for row in rows), len(rows))
    return HeatmapStats(
        rows[0].model_version, rows[0].model_sha256, hits, fmean(row.iou or 0.0 for row in rows)
    )


def _suggestions(labels: Sequence[CountingLabel]) -> dict[str, dict[str, float]]:
    """Everybody is weighed by all that was said; told is only what an adjudicator may know, who sees the arguments."""
    found = estimate_consensus((label.case, label.account_id, label.value) for label in labels)
    disputed = {label.case for label in labels if label.state == CaseState.DISPUTED}
    return {
        str(case): {str(value): round(chance, 3) for value, chance in row.items()}
        for case, row in found.truths.items()
        if case in disputed
    }
