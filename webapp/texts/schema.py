"""Schema of the catalogue: every sentence that one language needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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
    reliability_title: str
    face_table: str
    person_table: str
    segment_table: str
    frame_table: str
    limits_title: str
    limits: tuple[str, ...]
    footer: str
    page: str


@dataclass(frozen=True)
class Texts:
    """Every sentence of the public pages and of the report in one language.

    `{name}` is a placeholder; a sentence has the same placeholders in every language. A mapping by a state or
    code of the program has the same keys in every language. There are no defaults, so a missing or surplus
    field stops the import.
    """

    # BCP 47, the value of `<html lang>`.
    code: str
    # The language's name for itself.
    language: str

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
    paste_hint: str
    examples: str
    example_captions: Mapping[str, str]
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
    some_faces: str
    some_persons: str
    other_verdicts: str
    single_verdicts: str
    fake_interval: str
    fake_moment: str
    unjudged_faces: str
    fake_segments: str
    segment: str
    coverage: str
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

    # Picture and tables.
    heat_strength: str
    heat_legend: str
    compare: str
    compare_help: str
    vulnerable_points: str
    boxes: str
    consistency: str
    consistency_help: str
    picture_with_faces: str
    picture_without_faces: str
    # Column headings of all tables.
    columns: Mapping[str, str]

    # Video.
    timeline: str
    timeline_help: str
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
    stability_running: str
    reliability: str

    # Background information.
    limits_title: str
    limits: str
    model_title: str
    model_facts: Mapping[str, str]
    not_calibrated: str
    api_title: str
    api: str
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
    later_models: str
    no_later_models: str
    notify_me: str
    to_analyse: str
    to_receipt: str

    report: ReportTexts
