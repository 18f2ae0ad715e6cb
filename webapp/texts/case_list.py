"""English sentences of the desk's list of cases, with their schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.domain.enums import CaseState, Reason, Stage
from webapp.texts.desk import ENGLISH as DESK


@dataclass(frozen=True)
class CaseListTexts:
    """Sentences of the list of cases and of a case's page.

    `{name}` is a placeholder. A mapping by a state or code of the program has all of its keys.
    """

    title: str
    search: str
    search_help: str
    search_button: str
    drop: str
    drop_help: str
    own: str
    all_cases: str
    settled: str
    filters: str
    any: str
    filter_names: Mapping[str, str]
    ages: Mapping[str, str]
    orders: Mapping[str, str]
    reset: str
    columns: tuple[str, ...]
    labelled_column: str
    same_file: str
    near_copy: str
    hidden_help: str
    none: str
    none_found: str
    shown: str
    found: str
    more: str
    loading: str
    searching: str
    failed: str
    kinds: Mapping[str, str]
    states: Mapping[str, str]
    reasons: Mapping[str, str]
    conflicts: Mapping[str, str]
    verdicts: Mapping[str, str]
    values: Mapping[str, str]
    case: str
    back: str
    label_case: str
    decide: str
    open_case: str
    facts: Mapping[str, str]
    picture: str
    not_kept: str
    blind: str
    unsettled: str
    model_says: str
    probability: str
    no_answer: str
    votes: Mapping[str, str]
    votes_title: str
    history: str
    events: Mapping[str, str]
    because: str
    stages: Mapping[str, str]
    ways: Mapping[str, str]
    confidences: tuple[str, str, str]
    tag_names: Mapping[str, str]
    author: str
    you: str


ENGLISH = CaseListTexts(
    title="Find cases",
    search="Receipt, case id, report number or sha256",
    search_help="A link to a receipt works too.",
    search_button="Search",
    drop="Search by a file",
    drop_help="Drop a photo or video here, or choose one. Near copies are found too. The file is not kept.",
    own="Labelled by me",
    all_cases="All cases",
    settled="Decided cases",
    filters="Filters",
    any="any",
    filter_names={
        "state": "State",
        "kind": "File",
        "verdict": "Model verdict",
        "reason": "Opened because",
        "conflict": "Origin",
        "decision": "Decision",
        "label": "Label",
        "moderator": "Moderator",
        "model": "Model version",
        "age": "Age",
        "order": "Order",
    },
    ages={
        "-1": "at most 1 day",
        "-7": "at most 7 days",
        "-30": "at most 30 days",
        "7-": "over 7 days",
        "30-": "over 30 days",
        "365-": "over 1 year",
    },
    orders={"newest": "newest first", "oldest": "oldest first"},
    reset="Clear filters",
    columns=(
        "Case",
        "File",
        "State",
        "Opened",
        "Model verdict",
        "Opened because",
        "Decision",
        "My label",
        "",
    ),
    labelled_column="Labelled",
    same_file="the same file",
    near_copy="near copy, {bits} bits apart",
    hidden_help=(
        "Verdict, reason and labels of a case appear after your own label, or once it is decided "
        "and the decision can no longer be undone."
    ),
    none="No case has these properties.",
    none_found="No case of this file or number.",
    shown="Cases shown: {count}",
    found="Cases found: {count}",
    more="Show more",
    loading="Loading …",
    searching="Searching …",
    failed="That did not work. Please try again.",
    kinds={"image": "photo", "video": "video"},
    states={
        CaseState.OPEN: "open",
        CaseState.DISPUTED: "disputed",
        CaseState.DECIDED: "decided",
    },
    reasons={
        Reason.DISAGREEMENT: "visitors disagree",
        Reason.UNCERTAINTY: "uncertain model",
        Reason.AUDIT: "random sample",
        Reason.REPORT: "visitor’s request",
        Reason.CONFLICT: "contradicts its origin",
        Reason.IMPORT: "imported by the host",
    },
    conflicts={"yes": "contradictory", "no": "no contradiction"},
    verdicts=DESK.verdicts,
    values=DESK.values,
    case="Case {id}",
    back="Back to the list",
    label_case="Label",
    decide="Decide",
    open_case="Open case {id}",
    facts={
        "id": "Case id",
        "kind": "File",
        "state": "State",
        "opened_at": "Opened",
        "reason": "Opened because",
        "conflict": "Origin",
        "model": "Model version",
        "decision": "Decision",
        "own": "My label",
        "copies": "Other copies of the file",
        "source": "Source",
        "rights": "Right of use",
    },
    picture="File of the case",
    not_kept="The file was deleted.",
    blind="You may still label this case. So its verdict, its labels and its file are not shown here.",
    unsettled="Labels of others and the decision appear once the decision can no longer be undone.",
    model_says=DESK.model_says,
    probability=DESK.probability,
    no_answer=DESK.no_answer,
    votes=DESK.votes,
    votes_title=DESK.visitors,
    history="History",
    events={
        "opened": "Opened",
        "copy": "Another copy arrived",
        "labelled": "{author} labelled: {value}",
        "withdrawn": "{author} withdrew the label: {value}",
        "decided": "Decided: {value}",
        "undone": "Decision undone: {value}",
    },
    because="{event} ({reason})",
    stages={
        Stage.BLIND: "blind",
        Stage.FINAL: "after the model’s verdict",
        Stage.ADJUDICATION: "adjudication",
    },
    ways={"agreement": "by agreement", "majority": "by majority", "adjudication": "by an admin"},
    confidences=DESK.confidences,
    tag_names=DESK.tag_names,
    author=DESK.moderator,
    you="You",
)
