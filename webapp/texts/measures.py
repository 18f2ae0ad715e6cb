"""English sentences of the admins' page about label quality, with their schema."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MeasureTexts:
    """Sentences of the page. `{name}` is a placeholder."""

    title: str
    counting: str
    too_few: str
    dash: str
    dash_help: str
    # Rows with too few observations: the sentence, and each of them in it.
    few: str
    few_row: str
    all_alike: str
    share: str
    interval: str
    seconds: str
    agreement: str
    agreement_help: str
    alpha: str
    alpha_interval: str
    faces: str
    over_time: str
    over_time_help: str
    chart: str
    months_columns: tuple[str, ...]
    people: str
    people_help: str
    people_columns: tuple[str, ...]
    everybody: str
    no_people: str
    heatmaps: str
    heatmaps_help: str
    heatmaps_columns: tuple[str, ...]
    no_heatmaps: str
    suggestions: str
    suggestions_help: str
    suggestions_columns: tuple[str, ...]
    no_suggestions: str
    suggestion: str
    look: str
    # About the model and its drift alarm.
    model_rates: str
    model_rates_help: str
    alarm: str
    alarm_all_months: str


ENGLISH = MeasureTexts(
    title="Label quality",
    counting="Counting …",
    too_few="too few",
    dash="–",
    dash_help="– stands for fewer than {fewest} observations.",
    few="Too few to tell (fewer than {fewest}): {rows}.",
    few_row="{name} ({count})",
    all_alike="all labels are equal",
    share="{hits} of {count}: {share}",
    interval="{low} to {high}",
    seconds="{seconds} s",
    agreement="Do moderators agree?",
    agreement_help=(
        "1 is perfect agreement, 0 is chance. By convention, labels are reliable from 0.8 and tentative "
        "from 0.667 (dashed lines). Only blind labels count, and gold cases are left out. "
        "At least {fewest} cases are needed."
    ),
    alpha="Krippendorff’s alpha",
    alpha_interval="95 % interval {interval}",
    faces="Faces with two or more labels: {cases}",
    over_time="Agreement over time",
    over_time_help="By month of a face’s first label. The bars are 95 % intervals.",
    chart="Krippendorff’s alpha by month; the table below has the numbers",
    months_columns=("Month", "Faces with two or more labels", "Alpha", "95 % interval"),
    people="Moderators",
    people_help=(
        "As decided: share of blind labels that match the decision, which the moderator’s own label also "
        "influenced. Gold: share of right labels on cases whose answer the host knows. Changed: share of "
        "labels changed after the model’s verdict was shown. Time: from opening a case to the final label. "
        "In brackets: 95 % intervals."
    ),
    people_columns=(
        "Moderator",
        "Cases",
        "As decided",
        "Gold cases right",
        "Changed after reveal",
        "Median time",
    ),
    everybody="All moderators",
    no_people="There are no labels yet.",
    heatmaps="Do heatmaps match the marked regions?",
    heatmaps_help=(
        "Regions that moderators marked on fake photos, compared with each model’s heatmap. Pointing "
        "game: the peak lies inside the region. IoU: overlap of both, from 0 to 1."
    ),
    heatmaps_columns=("Model", "Weights", "Peak inside the region", "Mean overlap (IoU)"),
    no_heatmaps="No marked region has been compared with a heatmap yet.",
    suggestions="Suggestions for disputed cases",
    suggestions_help=(
        "The most likely answer if labels are weighted by each moderator’s agreement with the others "
        "(Dawid and Skene, 1979). A suggestion decides nothing; an admin does, after reading the "
        "arguments. Open cases are left out, because you may still have to label them."
    ),
    suggestions_columns=("Case", "Suggestion", ""),
    no_suggestions="No case is disputed.",
    suggestion="{value} {share}",
    look="Read the arguments",
    model_rates="How good is the model?",
    model_rates_help=(
        "Measured on faces that were drawn at random before anybody could vote. Open and inconclusive faces "
        "are not in the shares. They are probably the harder ones, so the shares are probably too favourable."
    ),
    alarm=(
        "The model has left its promised band. {rate}: {share} ({low} to {high}), {month}; "
        "promised: {band_low} to {band_high}."
    ),
    alarm_all_months="all months",
)
