"""Schema of the catalogue: every sentence that one language needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.texts.counting import PluralForms
from webapp.texts.device import DeviceTexts
from webapp.texts.model_measures import ModelMeasureTexts
from webapp.texts.provenance import ProvenanceTexts


@dataclass(frozen=True)
class ReportTexts:
    """Sentences that only a report has. A report takes everything else from `Texts`."""

    # By kind of file: image, video, rejected.
    titles: Mapping[str, str]
    kinds: Mapping[str, str]
    facts_title: str
    # Facts that the page does not show.
    facts: Mapping[str, str]
    size: str
    size_unknown: str
    model: str
    kind_and_size: str
    photo: str
    photo_faces: str
    photo_heatmap: str
    line_legend: str
    face_crops: str
    person_crops: str
    timeline_axis: str
    crop_caption: str
    person_at: str
    stability_title: str
    reliability_title: str
    face_table: str
    # Below the persons if one of them looks manipulated in a part of the video only.
    mean_note: str
    frame_table: str
    limits_title: str
    limits: tuple[str, ...]
    # The last sentence of the limits, for a report with and without a signature.
    signed: str
    unsigned: str
    footer: str
    page: str


@dataclass(frozen=True)
class VerificationTexts:
    """Sentences of the page that checks a report."""

    title: str
    help: str
    report: str
    media: str
    # Words in both drop zones, for a mouse and for a finger.
    drop_words: str
    tap_words: str
    media_help: str
    check: str
    number: str
    number_help: str
    look_up: str
    no_file: str
    too_large: str
    # By finding of `webapp.services.reports.verification`: headline and explanation.
    findings: Mapping[str, tuple[str, str]]
    # By status of the key; `mismatch` for a key of the site that did not make the signature.
    keys: Mapping[str, str]
    report_title: str
    facts: Mapping[str, str]
    media_title: str
    media_same: str
    media_other: str
    media_not_given: str
    today_title: str
    stands: str
    gone: str
    not_stored: str
    unknown_number: str
    recorded: str
    decision_of_copy: str
    to_verify: str


@dataclass(frozen=True)
class ProgramTexts:
    """Sentences of the page about the interfaces for programs. Backquotes enclose code."""

    title: str
    help: str
    to_programs: str
    # Name of the links at the end of every page.
    footer: str
    # Headlines and paragraphs in the order of the page; `mcp` only if the host has turned it on.
    sections: Mapping[str, tuple[str, str]]
    # By name of a file in `webapp/ui/code_examples`, without its ending.
    examples: Mapping[str, str]
    openapi: str
    errors_title: str
    # Head of the table: status, code, meaning.
    errors_head: tuple[str, str, str]
    # By code of the interface.
    errors: Mapping[str, str]


@dataclass(frozen=True)
class Texts:
    """Every sentence of the public pages and of the report in one language.

    `{name}` is a placeholder; a sentence has the same placeholders in every language. A mapping by a state or
    code of the program has the same keys in every language. There are no defaults, so a missing or unknown
    key of a language's file stops the import.
    """

    # Name of the file: BCP 47, the value of `<html lang>` and a part of addresses.
    code: str
    # The language's name for itself.
    language: str
    # Code with the country whose customs the texts follow, for the browser's own words (BCP 47).
    locale: str

    # Numbers and dates, see `webapp.texts.formats`.
    decimal_mark: str
    percent: str
    date: str
    date_and_time: str

    # Phrases that several places share.
    labelled: str
    with_note: str
    seconds: str
    pixels: str
    face_number: str
    person_number: str
    # The one phrase for each verdict of the model; `unjudged` for a face without a score.
    verdicts: Mapping[str, str]
    # By code of `laanet_core.results.NotJudgedReason`.
    not_judged: Mapping[str, str]
    # The one phrase for each label and decision of moderators.
    labels: Mapping[str, str]

    # Header and upload.
    title: str
    tagline: str
    fallback_weights: str
    upload: str
    camera: str
    camera_help: str
    upload_limits: str
    privacy: str
    # A new sentence needs a new CONSENT_VERSION (`webapp.domain.consent`).
    consent: str
    consent_help: str
    scope: str
    take_photo: str
    formats_title: str
    # Words in the drop zone, for a mouse and for a finger.
    drop_words: str
    tap_words: str
    paste_hint: str
    examples: str
    # By name of `webapp.examples.answers.NAMES`.
    example_captions: Mapping[str, str]
    example_note: str
    sample: str
    analyse: str
    stop: str

    # Progress and states without a result.
    no_result_yet: str
    no_file: str
    too_many_files: str
    failed: str
    stopped: str
    restarting: str
    not_stored: str
    # By "kept" or the code of the reason why the file was not kept.
    file_storage: Mapping[str, str]
    # By stage of a running analysis.
    stages: Mapping[str, str]
    file_position: str
    queue_position: str
    left_seconds: str
    left_minutes: str
    interim_verdict: str
    file_gone: str

    # Headline.
    # By verdict or outcome: title and explanation. `none_judged` if faces were found, but none is judged.
    outcomes: Mapping[str, tuple[str, str]]
    # By code of `laanet_core.results.CAUTIONS`.
    cautions: Mapping[str, str]
    # By verdict: what it does not mean.
    caveats: Mapping[str, str]
    # For a file that is real or inconclusive: what its probability does not mean.
    not_a_share: str
    not_the_rest: str
    some_faces: str
    some_persons: str
    other_verdicts: str
    single_verdicts: str
    fake_interval: str
    fake_moment: str
    unjudged_faces: str
    unjudged_persons: str
    fake_segments: str
    segment: str
    part_fake: str
    more_segments: str
    coverage: PluralForms
    fake_probability: str
    all_faces: str
    all_persons: str
    error_code: str
    # By code of a rejection: the problem and its remedy.
    errors: Mapping[str, str]
    # For `unsupported_type`: the sentence with the type, and by the library's English words the types of
    # files and what to do about each.
    unsupported_file: str
    file_types: Mapping[str, str]
    file_advice: Mapping[str, str]
    choose_file: str

    # Above and below the verdict.
    provenance: ProvenanceTexts

    # Picture and tables.
    heat_strength: str
    heat_legend: str
    compare: str
    compare_help: str
    vulnerable_points: str
    boxes: str
    consistency: str
    consistency_help: str
    picture_with_faces: PluralForms
    picture_without_faces: str

    whole_picture: str
    zoom_help: str
    zoom_out: str
    zoom_in: str
    zoom_all: str

    # Cards of faces and persons.
    face_cards: str
    person_cards: str
    crowd_help: str
    more_faces: str
    more_persons: str
    enlarged: str
    heatmap: str
    close_up: str
    close_up_heat: str
    # Text alternative of a gauge, and a short word for each of its zones by verdict.
    gauge: str
    zones: Mapping[str, str]
    face_size: str
    person_frames: PluralForms
    # For a person who looks manipulated in a part of a clip: verdict, what the score is, and the clip's mean.
    partly_fake: str
    part_score: str
    part_mean: PluralForms
    # By code of `laanet_core.results.NotJudgedReason`: why such a face cannot be judged.
    not_judged_reasons: Mapping[str, str]
    not_in_moments: str
    # By "spots_" or "no_spots_" and a verdict: what the verdict rests on.
    reasons: Mapping[str, str]
    # By row and column of a close-up: top, middle, bottom; left, middle, right.
    face_parts: Mapping[str, str]
    list_separator: str
    why: str
    show_in_picture: str
    heat_scale: str
    contour: str
    contour_help: str
    points_help: str
    all_numbers: str

    # Tables.
    # Column headings of all tables.
    columns: Mapping[str, str]
    # Captions of the tables of a video.
    person_table: str
    segment_table: str

    # Video.
    timeline: str
    timeline_help: str
    overlay_source: str
    player_missing: str
    player_unplayable: str
    seek: str
    suspicious_moments: str
    go_to: str
    overlay_clip: str
    make_overlay_clip: str

    # Stability and reliability.
    stability: str
    stability_help: str
    stability_help_clip: str
    stability_names: Mapping[str, str]
    stability_findings: Mapping[str, str]
    stability_too_small: str
    stability_one_frame: str
    # What the check means for the whole file: title, holds, faces, clip.
    stability_of_file: Mapping[str, str]
    stability_running: str
    reliability: PluralForms
    # After `reliability` for a person of a clip.
    reliability_of_mean: str

    # Background information.
    limits_title: str
    limits: str
    model_title: str
    model_facts: Mapping[str, str]
    not_calibrated: str
    raw_data: str

    # What to do with a result.
    next_title: str
    report_pdf: str
    report_json: str
    link: str
    link_help: str
    delete: str
    delete_sure: str
    deleted: str
    deleted_next: str
    cannot_delete: str

    # Feedback.
    feedback_title: str
    feedback_help: str
    votes: Mapping[str, str]
    tags: str
    tag_names: Mapping[str, str]
    about: str
    whole_file: str
    note: str
    note_hint: str
    region: str
    region_help: str
    region_box: str
    region_clear: str
    region_none: str
    region_some: str
    send: str
    thanks: str
    thanks_again: str
    choose_vote: str
    # By code of a refusal.
    refusals: Mapping[str, str]

    # Receipt page.
    receipt_title: str
    receipt_help: str
    # In place of `receipt_help` above an open result.
    receipt_open: str
    receipt_field: str
    receipt_show: str
    receipt_made: str
    receipt_backed_up: str
    receipt_not_backed_up: str
    receipt_file: str
    file_kept: str
    file_not_kept: str
    export: str
    receipt_votes: str
    no_votes: str
    region_marked: str
    vote_replaced: str
    decision: str
    decision_pending: str
    decision_waiting: str
    decision_columns: tuple[str, str, str]
    decision_of_copy: str
    decision_arrived: str
    decision_impossible: str
    # Earlier decisions on the same file or a near copy.
    known_title: str
    known_same: str
    known_copy: str
    later_models: str
    no_later_models: str
    notify_me: str
    to_analyse: str
    to_receipt: str

    # The browser: its connection, and what it keeps.
    device: DeviceTexts

    report: ReportTexts
    verification: VerificationTexts
    programs: ProgramTexts
    model_measures: ModelMeasureTexts
