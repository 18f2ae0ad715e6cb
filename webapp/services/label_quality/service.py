"""Label quality: agreement of moderators with each other, decisions, gold cases and heatmaps."""

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
from webapp.services.label_quality.krippendorff import (
    count_table,
    krippendorff_alpha,
    krippendorff_interval,
)
from webapp.services.label_quality.report import (
    HeatmapStats,
    LabelAgreement,
    LabelQualityReport,
    ModeratorStats,
    Proportion,
)


class LabelQualityService:
    """Computes the report on label quality from the stored labels."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def report(self, principal: Principal) -> LabelQualityReport:
        """Return the present report to an admin or the host.

        Raises Refused with not_signed_in or not_allowed.
        """
        if not isinstance(principal, Host):
            require(principal, Role.ADMIN)
        with self._sessions() as session:
            labels = queries.counting_labels(session)
            decided = queries.decided_values(session)
            gold = queries.gold_values(session)
            agreements = queries.region_agreements(session)
        blind = [label for label in labels if label.stage == Stage.BLIND and label.case_id not in gold]
        final = [label for label in labels if label.stage == Stage.FINAL]
        rows_by_model = groupby(agreements, lambda row: row.model_sha256)
        return LabelQualityReport(
            agreement=_agreement("", blind),
            months=tuple(_agreement(month, own) for month, own in _by_month(blind)),
            people=tuple(_moderator_stats(own, decided, gold) for own in _by_moderator(labels)),
            heatmaps=tuple(_heatmap_stats(list(rows)) for _, rows in rows_by_model),
            cases=len(final),
            switched=_switched(labels),
            median_seconds=_median_seconds(final),
            suggestions=_suggestions([label for label in final if label.case_id not in gold]),
        )


def _agreement(period: str, labels: Sequence[CountingLabel]) -> LabelAgreement:
    if not labels:
        return LabelAgreement(period, cases=0, alpha=None, interval=None)
    table = count_table((label.case_id, label.value) for label in labels)
    cases_with_pairs = int((table.sum(axis=1) >= 2).sum())
    return LabelAgreement(
        period,
        cases=cases_with_pairs,
        alpha=krippendorff_alpha(table),
        interval=krippendorff_interval(table),
    )


def _by_month(labels: Sequence[CountingLabel]) -> list[tuple[str, list[CountingLabel]]]:
    """Return the labels by month. A case belongs to the month of its first label."""
    month_of_case: dict[int, str] = {}
    months: dict[str, list[CountingLabel]] = defaultdict(list)
    for label in labels:
        month = month_of_case.setdefault(label.case_id, label.created_at.strftime("%Y-%m"))
        months[month].append(label)
    return sorted(months.items())


def _by_moderator(labels: Sequence[CountingLabel]) -> list[list[CountingLabel]]:
    moderators: dict[int, list[CountingLabel]] = defaultdict(list)
    for label in labels:
        if label.stage != Stage.ADJUDICATION:
            moderators[label.account_id].append(label)
    return sorted(moderators.values(), key=lambda own: own[0].name)


def _moderator_stats(
    own: Sequence[CountingLabel], decided: Mapping[int, str], gold: Mapping[int, str]
) -> ModeratorStats:
    blind = {label.case_id: label.value for label in own if label.stage == Stage.BLIND}
    final = [label for label in own if label.stage == Stage.FINAL]
    decided_by_moderators = {case: value for case, value in decided.items() if case not in gold}
    return ModeratorStats(
        account_id=own[0].account_id,
        name=own[0].name,
        cases=len(final),
        decided_alike=_matching(blind, decided_by_moderators),
        gold_right=_matching(blind, gold),
        switched=_switched(own),
        median_seconds=_median_seconds(final),
    )


def _matching(labels: Mapping[int, str], reference: Mapping[int, str]) -> Proportion:
    """Return the share of equal values among the cases that both mappings have."""
    cases = labels.keys() & reference.keys()
    return Proportion(sum(labels[case] == reference[case] for case in cases), len(cases))


def _switched(labels: Iterable[CountingLabel]) -> Proportion:
    """Return the share of final labels that differ from the same moderator's blind label on the case."""
    values: dict[tuple[int, int], dict[str, str]] = defaultdict(dict)
    for label in labels:
        values[label.case_id, label.account_id][label.stage] = label.value
    pairs = [stages for stages in values.values() if stages.keys() >= {Stage.BLIND, Stage.FINAL}]
    return Proportion(sum(stages[Stage.BLIND] != stages[Stage.FINAL] for stages in pairs), len(pairs))


def _median_seconds(labels: Sequence[CountingLabel]) -> float | None:
    return median(label.seconds for label in labels) if labels else None


def _heatmap_stats(rows: Sequence[RegionAgreement]) -> HeatmapStats:
    return HeatmapStats(
        model_version=rows[0].model_version,
        model_sha256=rows[0].model_sha256,
        pointing=Proportion(sum(bool(row.hit) for row in rows), len(rows)),
        mean_iou=fmean(row.iou or 0.0 for row in rows),
    )


def _suggestions(labels: Sequence[CountingLabel]) -> dict[str, dict[str, float]]:
    """Return the suggestions for disputed cases, whose adjudicator sees the labels anyway.

    Moderators are weighed by their labels on all cases.
    """
    consensus = estimate_consensus((label.case, label.account_id, label.value) for label in labels)
    disputed = {label.case for label in labels if label.state == CaseState.DISPUTED}
    suggestions = {}
    for case, truth in consensus.truths.items():
        if case in disputed:
            suggestions[str(case)] = {str(value): round(chance, 3) for value, chance in truth.items()}
    return suggestions
