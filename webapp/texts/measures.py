"""Every word of the admins' page of measures. In English; a translator copies ENGLISH."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MeasureTexts:
    """`{name}` stands for what is put in."""

    title: str
    counting: str
    too_few: str
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


ENGLISH = MeasureTexts(
    title="Measures",
    counting="Counting …",
    too_few="too few to tell",
    all_alike="all labels are the same",
    share="{hits} of {count}: {share}",
    interval="{low} to {high}",
    seconds="{seconds} s",
    agreement="Do moderators agree?",
    agreement_help="1 is perfect agreement, 0 what chance gives, below 0 worse. By custom labels are relied upon from 0.8 on, and with caution from 0.667 on (the dashed lines). Only blind labels count, and no gold cases. Nothing is said of fewer than {fewest}.",
    alpha="Krippendorff’s alpha",
    alpha_interval="95 % interval {interval}",
    faces="Faces labelled by two or more: {cases}",
    over_time="Agreement over time",
    over_time_help="By the month of a face’s first label. The bars are 95 % intervals.",
    chart="Krippendorff’s alpha by month; the table below has the numbers",
    months_columns=("Month", "Faces labelled by two or more", "Alpha", "95 % interval"),
    people="Moderators",
    people_help="As decided: of the blind labels, those that the decision agrees with; a moderator’s own voice is part of a decision. Gold: cases whose answer the host knows. Changed: the label after the model’s answer was shown is another one than before. Time: from taking a case to the last word. In brackets 95 % intervals.",
    people_columns=(
        "Moderator",
        "Cases",
        "As decided",
        "Gold cases right",
        "Changed after the reveal",
        "Median time",
    ),
    everybody="Everybody",
    no_people="Nobody has labelled anything yet.",
    heatmaps="Does the model look where moderators do?",
    heatmaps_help="Places that moderators painted on photos they called fake, against each model’s heatmap: whether its peak lies inside (pointing game), and how much of the two overlaps (IoU, 1 is all).",
    heatmaps_columns=("Model", "Weights", "Peak inside the place", "Mean overlap (IoU)"),
    no_heatmaps="No painted place was compared with a heatmap yet.",
    suggestions="Suggestions for disputed cases",
    suggestions_help="What the truth probably is if everybody’s labels are weighed by how often they agree with the others’ (Dawid and Skene, 1979). They decide nothing: an admin does, after the arguments. Open cases are not here: whoever reads this may have to label them yet.",
    suggestions_columns=("Case", "Suggestion", ""),
    no_suggestions="No case is disputed.",
    suggestion="{value} {share}",
    look="Look at the arguments",
)
