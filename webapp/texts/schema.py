"""What a language must say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Texts:
    """All words of the page in one language. `{name}` stands for what is put in; the placeholders are the same in every language.

    Mappings by a state or code of the program have the same keys in every language.
    """

    language: str  # its name in itself
    title: str
    tagline: str
    stand_in: str  # other weights answer than the host wanted
    upload: str
    camera: str
    camera_help: str
    limits_before: str
    privacy_before: str
    consent: str  # a new text needs a new CONSENT_VERSION (webapp/domain.py)
    consent_help: str
    paste_hint: str
    examples: str
    example_captions: Mapping[str, str]
    analyse: str
    stop: str
    waiting: str
    no_file: str
    too_many_files: str
    failed: str
    stopped: str
    restarting: str
    not_stored: str
    kept: Mapping[str, str]  # what became of the file of a visitor who agreed: kept, or the code of why not
    stages: Mapping[str, str]  # what a running analysis is doing
    place_of: str
    first_come: str  # while an analysis waits
    left_seconds: str
    left_minutes: str
    so_far: str  # of a clip that is still being judged
    file_gone: str

    outcomes: Mapping[str, tuple[str, str]]  # by verdict or outcome: one sentence, then why
    cautions: Mapping[str, str]  # by code: that only a part of the file was judged
    this_face: str
    of_faces: str
    of_persons: str
    untold_of: str
    others: str
    stretch: str
    stretch_frame: str
    verdicts: Mapping[str, str]
    fake_probability: str
    highest_of_faces: str
    highest_of_persons: str
    code: str
    errors: Mapping[str, str]  # by code: what is wrong and what to do
    several_files: str
    choose_file: str

    heat_strength: str
    heat_legend: str
    compare: str
    compare_help: str
    points: str
    boxes: str
    consistency: str
    consistency_help: str
    picture_with_faces: str
    picture_without_faces: str
    face_number: str
    person_number: str
    columns_image: tuple[str, str, str, str, str]
    columns_video: tuple[str, str, str, str, str]

    timeline: str
    timeline_help: str
    seconds: str
    seek: str
    worst: str
    go_to: str
    overlay_clip: str
    overlay_clip_making: str

    trust: str
    stability: str
    stability_help: str
    stability_help_clip: str
    stability_names: Mapping[str, str]
    stability_findings: Mapping[str, str]
    stability_too_small: str
    stability_one_frame: str
    stability_running: str
    reliability: str
    limits_title: str
    limits: str
    model_title: str
    model_facts: tuple[str, str, str, str, str, str]
    not_calibrated: str
    pixels: str

    next_title: str
    report_pdf: str
    report_json: str
    json_title: str
    link: str
    link_help: str
    copy: str
    delete: str
    delete_sure: str
    deleted: str
    deleted_next: str
    cannot_delete: str

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
    refused: Mapping[str, str]  # by code of a refusal

    receipt_title: str
    receipt_help: str
    receipt_field: str
    receipt_show: str
    receipt_unknown: str
    receipt_made: str
    receipt_durable: str
    place_marked: str
    vote_replaced: str
    receipt_not_durable: str
    receipt_file: str
    file_kept: str
    file_not_kept: str
    export: str
    receipt_votes: str
    no_votes: str
    moderators_decision: str
    not_decided: str
    with_moderators: str
    decided: Mapping[str, str]  # by what moderators said
    decided_columns: tuple[str, str, str]
    decided_copy: str
    decided_now: str
    none_decides: str
    later_models: str
    no_later_models: str
    tell_me: str
    programs_title: str
    programs: str
    to_analyse: str
    to_receipt: str
