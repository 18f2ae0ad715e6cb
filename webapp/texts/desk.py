"""Every word of the moderators' desk. In English; a translator copies ENGLISH."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.domain.enums import Concern, LabelValue, Role, Tag, Vote


@dataclass(frozen=True)
class DeskTexts:
    """`{name}` stands for what is put in. Mappings by a state or code of the program have all of its keys."""

    title: str
    to_public: str
    second_factor: str
    sign_out: str
    cases: str
    admin: str
    waiting: str
    today: str
    disputed: str
    to_cases: str
    none_waiting: str
    none_disputed: str
    look_again: str
    loading: str
    not_kept: str
    which_face: str
    which_clip: str
    whole_file: str
    views: Mapping[str, str]
    screens: Mapping[str, str]
    tools: Mapping[str, str]
    zoom: str
    zoom_in: str
    zoom_out: str
    play: str
    back_to_frames: str
    frames: str
    frame_at: str
    heat: str
    ask_blind: str
    ask_revealed: str
    ask_adjudicate: str
    value: str
    values: Mapping[str, str]
    value_help: Mapping[str, str]
    confidence: str
    confidences: tuple[str, str, str]
    tags: str
    tag_names: Mapping[str, str]
    note: str
    note_help: str
    region: str
    region_none: str
    region_some: str
    mark: str
    submit: str
    keep: str
    change: str
    decide: str
    skip: str
    flag: str
    flag_title: str
    flag_help: str
    concerns: Mapping[str, str]
    cancel: str
    undo: str
    saved: str
    skipped: str
    flagged: str
    undone: str
    changed_of: str
    missing_value: str
    missing_confidence: str
    lost: str
    failed: str
    signed_out: str
    revealed: str
    model_says: str
    verdicts: Mapping[str, str]
    probability: str
    by_model: str
    no_answer: str
    visitors: str
    votes: Mapping[str, str]
    no_votes: str
    arguments: str
    moderator: str
    before: str
    no_note: str
    show_region: str
    keys: str
    keys_title: str
    keys_help: str
    key_names: Mapping[str, str]
    close: str
    blur_first: str
    picture_alt: str
    until: str
    roles: Mapping[str, str]
    people: str
    people_columns: tuple[str, ...]
    yes: str
    no: str
    name: str
    role: str
    invite: str
    renew_link: str
    set_role: str
    disable: str
    enable: str
    link: str
    link_help: str
    done: Mapping[str, str]
    flags: str
    flags_help: str
    flags_columns: tuple[str, ...]
    no_flags: str
    states: Mapping[str, str]
    open_case: str


ENGLISH = DeskTexts(
    title="Moderators’ desk",
    to_public="Public page",
    second_factor="Second factor",
    sign_out="Sign out",
    cases="Cases",
    admin="People and flags",
    waiting="waiting",
    today="done today",
    disputed="Disputed",
    to_cases="Back to my cases",
    none_waiting="No case is waiting for you.",
    none_disputed="No dispute is waiting for your decision.",
    look_again="Look again",
    loading="Loading the case …",
    not_kept="The file of this case is not kept any more. Say “unusable”, or skip it.",
    which_face="The question is about the framed face.",
    which_clip="The question is about the framed person. Choose a frame below.",
    whole_file="The question is about the whole file; every face that was found is framed.",
    views={"plain": "Original", "error_level": "Error level", "high_pass": "High-pass"},
    screens={"blur": "Blur", "grey": "Grey", "mute": "Mute"},
    tools={"brush": "Paint", "box": "Box", "erase": "Erase", "clear": "Clear"},
    zoom="Face",
    zoom_in="Larger",
    zoom_out="Smaller",
    play="Play the clip",
    back_to_frames="Back to the frames",
    frames="Frames of the clip",
    frame_at="Frame at {seconds} s",
    heat="Heatmap",
    ask_blind="What do you see?",
    ask_revealed="Keep your label, or change it",
    ask_adjudicate="The moderators disagree: decide",
    value="This face is",
    values={
        LabelValue.REAL: "Real",
        LabelValue.FAKE: "Fake",
        LabelValue.CANNOT_TELL: "Cannot tell",
        LabelValue.UNUSABLE: "Unusable",
    },
    value_help={
        LabelValue.REAL: "no sign that it was altered",
        LabelValue.FAKE: "swapped, blended or drawn",
        LabelValue.CANNOT_TELL: "it could be either",
        LabelValue.UNUSABLE: "no face, hidden, or too small",
    },
    confidence="How sure are you?",
    confidences=("A guess", "Fairly sure", "Certain"),
    tags="Because of",
    tag_names={
        Tag.BOUNDARY: "Boundary",
        Tag.TEXTURE: "Texture",
        Tag.LIGHTING: "Lighting",
        Tag.TEETH: "Teeth",
        Tag.EYES: "Eyes",
        Tag.TEMPORAL: "Movement",
        Tag.OTHER: "Other",
    },
    note="Note",
    note_help="What would convince a colleague? The adjudicator reads it.",
    region="Place",
    region_none="Nothing is marked. Paint or box the place on the picture.",
    region_some="A place is marked.",
    mark="Mark the face",
    submit="Submit",
    keep="Keep my label",
    change="Save the change",
    decide="Decide",
    skip="Skip",
    flag="Flag",
    flag_title="Flag this case",
    flag_help="The admins are told, and you get the next case.",
    concerns={
        Concern.HARMFUL: "Violence or abuse",
        Concern.CHILD: "A child is shown",
        Concern.PRIVATE: "Somebody’s private life",
        Concern.WRONG_FACE: "The frame is around the wrong thing",
        Concern.OTHER: "Something else",
    },
    cancel="Cancel",
    undo="Undo",
    saved="Saved.",
    skipped="Skipped.",
    flagged="Flagged. The admins are told.",
    undone="Undone: say it anew.",
    changed_of="You said: {value}, {confidence}.",
    missing_value="Choose what the face is first.",
    missing_confidence="Say how sure you are.",
    lost="You no longer hold this case. Here is the next one.",
    failed="That did not work. Please try again.",
    signed_out="You are signed out.",
    revealed="What the others say",
    model_says="The model says",
    verdicts={"real": "real", "fake": "fake", "inconclusive": "inconclusive"},
    probability="probability of manipulation",
    by_model="{model}. The heatmap is on the picture.",
    no_answer="The model gave no score.",
    visitors="Visitors",
    votes={Vote.AGREE: "agree with it", Vote.DISAGREE: "disagree", Vote.NOT_SURE: "are not sure"},
    no_votes="No visitor has voted.",
    arguments="What the moderators said",
    moderator="Moderator {number}",
    before="{value} before the model’s answer was shown",
    no_note="no note",
    show_region="Show the place",
    keys="Keys",
    keys_title="Everything by keyboard",
    keys_help="Letters work while no text field has the focus. Esc leaves a text field.",
    key_names={
        "enter": "submit, keep or decide",
        "note": "write a note",
        "zoom": "the face, or all of it",
        "plus": "larger, smaller",
        "whole": "the whole picture",
        "high_pass": "high-pass view",
        "error_level": "error-level view",
        "mark": "mark the face; arrows move it, Shift and arrows resize it",
        "frames": "frame before, frame after",
        "play": "play the clip",
        "heat": "heatmap, once it is shown",
        "help": "this list",
    },
    close="Close",
    blur_first="Show every new case blurred at first",
    picture_alt="The picture of the case",
    until="yours until {time} UTC",
    roles={Role.MODERATOR: "Moderator", Role.ADMIN: "Admin"},
    people="People",
    people_columns=("Name", "Role", "Since", "Password set", "Second factor", "Disabled"),
    yes="yes",
    no="no",
    name="Name",
    role="Role",
    invite="Invite",
    renew_link="New link",
    set_role="Give this role",
    disable="Disable",
    enable="Enable",
    link="Link to hand over",
    link_help="It works once: an invitation within 7 days, a new link within 24 hours. It is not shown again.",
    done={
        "invite": "{name} was invited.",
        "renew_link": "{name} has a new link.",
        "set_role": "{name} has another role.",
        "disable": "{name} may no longer sign in.",
        "enable": "{name} may sign in again.",
    },
    flags="Flagged cases",
    flags_help="What moderators would rather not label. A flagged case stays with the others until it is decided, or its visitor deletes it.",
    flags_columns=("When (UTC)", "Why", "By", "Case"),
    no_flags="Nothing was flagged.",
    states={"open": "open", "disputed": "disputed", "decided": "decided", "gone": "deleted"},
    open_case="Look at it",
)
