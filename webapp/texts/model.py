"""English sentences of the admins' page about model versions and fine-tuning, with their schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.domain.enums import ModelState, RunState, SnapshotState


@dataclass(frozen=True)
class ModelTexts:
    """Sentences of the page.

    `{name}` is a placeholder. A mapping by a state of the program has all of its keys.
    """

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
    answers="Current model",
    ancestry="Lineage: {lineage}",
    following="{version} was promoted. This server loads it within seconds.",
    none_promoted="No version has been promoted yet. The server uses the weights from its settings.",
    roll_back="Roll back to the previous version",
    rolled_back="Rolled back. Current model: {version}.",
    snapshots="Snapshots",
    snapshots_help=(
        "A snapshot is a frozen copy of the decided cases whose files were kept with consent. It becomes "
        "stale when one of its files is deleted or a decision is undone. "
        "A stale snapshot cannot be used."
    ),
    snapshots_columns=("Snapshot", "Made", "Real", "Fake", "Train", "Val", "Gold", "State"),
    no_snapshots="No snapshots yet.",
    freeze="Make a snapshot",
    freezing="Making a snapshot …",
    froze="Snapshot made.",
    freeze_failed="The snapshot failed: {error}",
    snapshot_states={SnapshotState.FROZEN: "usable", SnapshotState.STALE: "stale"},
    runs="Fine-tuning",
    runs_help=(
        "Only one run works at a time, in its own process. "
        "It continues if you close this page or the server restarts."
    ),
    replayed="The host’s data set is replayed with the snapshot.",
    not_replayed="Training uses the snapshot only. The host can set a data set to replay (LENS_REPLAY).",
    runs_columns=("Candidate", "Snapshot", "Started", "State", "Progress", ""),
    no_runs="No runs yet.",
    snapshot="Snapshot",
    steps="Steps",
    begin="Start fine-tuning",
    begun="Fine-tuning started.",
    cancel="Cancel",
    cancelled="Run cancelled.",
    resume="Resume",
    resumed="Run resumed.",
    run_states={
        RunState.WAITING: "not started",
        RunState.RUNNING: "running",
        RunState.FINISHED: "finished",
        RunState.FAILED: "failed",
        RunState.CANCELLED: "cancelled",
    },
    at_work="running",
    cut_off="no process; it restarts within a minute",
    progress="step {step} of {steps}",
    versions="Versions",
    versions_help=(
        "A candidate must pass the gate, which compares it with the current version. "
        "Then an admin must promote it."
    ),
    versions_columns=("Version", "Lineage", "Made", "State", "Gate", ""),
    no_versions="No versions yet.",
    version_states={
        ModelState.CANDIDATE: "candidate",
        ModelState.CHAMPION: "current",
        ModelState.RETIRED: "retired",
        ModelState.REJECTED: "rejected",
    },
    passed="passed",
    failed="failed",
    not_measured="not evaluated",
    promoted="promoted by {name}, {time}",
    stale="trained on data that was deleted or undone since",
    stale_champion=(
        "{version} was trained on data that was deleted or undone since. Make a new snapshot and "
        "fine-tune again. Fine-tuning starts from the current version. If nothing of it may remain, first "
        "go back to an earlier version."
    ),
    measure="Evaluate",
    measuring="Evaluating {version} …",
    measured="{version} was evaluated.",
    measure_failed="{version} could not be evaluated: {error}",
    report="Report",
    promote="Promote",
    go_back="Go back to this version",
    report_of="Gate report: {candidate} compared with {champion}",
    report_columns=("Criterion", "Outcome", "Candidate", "Current", "Difference, 95 %", "Rule"),
    check_passed="passes",
    check_failed="fails",
    no_figure="not measured",
    interval="{low} to {high}",
    may_promote="All criteria pass. It can be promoted.",
    may_not="It cannot be promoted. A criterion that could not be measured counts as failed.",
    promote_title="Make {version} the current model?",
    promote_help="It will judge every file from then on. You can roll back at any time.",
    confirm="Promote",
    keep="Cancel",
    promotion_done="{version} is promoted.",
    trouble="That did not work. Please try again.",
)
