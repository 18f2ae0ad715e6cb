"""Every word of the admins' page about the model. In English; a translator copies ENGLISH."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.domain.enums import ModelState, RunState, SnapshotState


@dataclass(frozen=True)
class ModelTexts:
    """`{name}` stands for what is put in. Mappings by a state of the program have all of its keys."""

    title: str
    answers: str
    ancestry: str
    following: str
    none_promoted: str
    roll_back: str
    rolled_back: str
    snapshots: str
    snapshots_help: str
    snapshots_columns: tuple[str, ...]
    no_snapshots: str
    freeze: str
    freezing: str
    froze: str
    freeze_failed: str
    snapshot_states: Mapping[str, str]
    runs: str
    runs_help: str
    replayed: str
    not_replayed: str
    runs_columns: tuple[str, ...]
    no_runs: str
    snapshot: str
    steps: str
    begin: str
    begun: str
    cancel: str
    cancelled: str
    resume: str
    resumed: str
    run_states: Mapping[str, str]
    at_work: str
    cut_off: str
    progress: str
    versions: str
    versions_help: str
    versions_columns: tuple[str, ...]
    no_versions: str
    version_states: Mapping[str, str]
    passed: str
    failed: str
    not_measured: str
    promoted: str
    stale: str
    stale_champion: str
    measure: str
    measuring: str
    measured: str
    measure_failed: str
    report: str
    promote: str
    go_back: str
    report_of: str
    report_columns: tuple[str, ...]
    check_passed: str
    check_failed: str
    no_figure: str
    interval: str
    may_promote: str
    may_not: str
    promote_title: str
    promote_help: str
    confirm: str
    keep: str
    promotion_done: str
    trouble: str


ENGLISH = ModelTexts(
    title="Model",
    answers="Answers now",
    ancestry="Ancestry: {lineage}",
    following="{version} was promoted; this server follows within seconds.",
    none_promoted="These are the weights the host named; no version was promoted yet.",
    roll_back="Roll back to the one before",
    rolled_back="Rolled back: {version} answers again.",
    snapshots="Snapshots",
    snapshots_help="What is decided and was kept with consent, frozen. Once something in it is deleted or undone, a snapshot is stale and cannot be used.",
    snapshots_columns=("Snapshot", "Made (UTC)", "Real", "Fake", "Train", "Val", "Gold", "State"),
    no_snapshots="There is no snapshot yet.",
    freeze="Make a snapshot",
    freezing="A snapshot is being made.",
    froze="The snapshot is made.",
    freeze_failed="No snapshot was made: {error}",
    snapshot_states={SnapshotState.FROZEN: "usable", SnapshotState.STALE: "stale"},
    runs="Fine-tuning",
    runs_help="One run at a time, in a process of its own: it goes on while this page is closed, and while the server restarts.",
    replayed="The host’s own data set is learned from beside the snapshot.",
    not_replayed="Only the snapshot is learned from; the host can name a data set to replay (LENS_REPLAY).",
    runs_columns=("Candidate", "Snapshot", "Begun (UTC)", "State", "Progress", ""),
    no_runs="Nothing was fine-tuned yet.",
    snapshot="Snapshot",
    steps="Steps",
    begin="Start fine-tuning",
    begun="The fine-tuning has begun.",
    cancel="Cancel",
    cancelled="The run is cancelled.",
    resume="Resume",
    resumed="The run goes on.",
    run_states={
        RunState.WAITING: "not begun",
        RunState.RUNNING: "running",
        RunState.FINISHED: "finished",
        RunState.FAILED: "failed",
        RunState.CANCELLED: "cancelled",
    },
    at_work="running",
    cut_off="no process; it is started again within a minute",
    progress="step {step} of {steps}",
    versions="Versions",
    versions_help="A candidate answers only after the gate, where it is measured beside the present version, and once an admin has confirmed it.",
    versions_columns=("Version", "Ancestry", "Made (UTC)", "State", "Gate", ""),
    no_versions="No version was made yet.",
    version_states={
        ModelState.CANDIDATE: "candidate",
        ModelState.CHAMPION: "answers",
        ModelState.RETIRED: "answered before",
        ModelState.REJECTED: "rejected",
    },
    passed="passed",
    failed="stopped",
    not_measured="not measured",
    promoted="promoted by {name}, {time}",
    stale="learned from something deleted or undone since",
    stale_champion="{version} learned from something that was deleted or undone since. Make a new snapshot and fine-tune anew. A fine-tuning begins with the version that answers: to keep nothing of it, go back to one before it first.",
    measure="Measure",
    measuring="{version} is being measured.",
    measured="{version} was measured.",
    measure_failed="{version} could not be measured: {error}",
    report="Report",
    promote="Promote",
    go_back="Go back to it",
    report_of="The gate’s report on {candidate}, beside {champion}",
    report_columns=("Criterion", "Outcome", "Candidate", "Present", "Difference, 95 %", "Rule"),
    check_passed="passes",
    check_failed="fails",
    no_figure="not measured",
    interval="{low} to {high}",
    may_promote="Everything holds: it may be promoted.",
    may_not="It may not be promoted. What could not be measured does not hold.",
    promote_title="Let {version} answer from now on?",
    promote_help="Every analysis from now on is judged by it. It can be rolled back at any time.",
    confirm="Promote it",
    keep="Leave it",
    promotion_done="{version} is promoted.",
    trouble="That did not work. Please try again.",
)
