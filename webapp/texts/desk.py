"""English sentences of the moderators' desk, with their schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.domain.enums import Concern, LabelValue, Role, Tag, Vote
from webapp.texts import ENGLISH as PUBLIC


@dataclass(frozen=True)
class DeskTexts:
    """Sentences of the desk.

    `{name}` is a placeholder. A mapping by a state or code of the program has all of its keys.
    """

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
    only_skipped: str
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

    frames: str
    frame_at: str
    heat: str
    ask_blind: str
    ask_revealed: str
    ask_adjudicate: str
    value: str
    value_of_file: str
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
    model_says: str
    verdicts: Mapping[str, str]
    probability: str
    by_model: str
    no_answer: str
    visitors: str
    provenance: str
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
    admin="Users and flags",
    waiting="waiting",
    today="done today",
    disputed="Disputed",
    to_cases="Back to my cases",
    none_waiting="No case is waiting for you.",
    only_skipped="You skipped all cases that are waiting. Check again to get them back.",
    none_disputed="No disputed case is waiting for your decision.",
    look_again="Check again",
    loading="Loading the case …",
    not_kept="The file of this case was deleted. Label it “Unusable”, or skip it.",
    which_face="Label the framed face.",
    which_clip="Label the framed person. Choose a frame below.",
    whole_file="Label the whole file. Every detected face is framed.",
    views={"plain": "Original", "error_level": "Error level", "high_pass": "High-pass"},
    screens={"blur": "Blur", "grey": "Grey", "mute": "Mute"},
    tools={"brush": "Paint", "box": "Box", "erase": "Erase", "clear": "Clear"},
    zoom="Face",
    zoom_in="Larger",
    zoom_out="Smaller",
    play="Play the video",
    frames="Frames of the video",
    frame_at="Frame at {seconds} s",
    heat="Heatmap",
    ask_blind="What do you see?",
    ask_revealed="Keep or change your label",
    ask_adjudicate="The moderators disagree. Decide the case",
    value="This face is",
    value_of_file="This file is",
    values={value: PUBLIC.labels[value] for value in LabelValue},
    value_help={
        LabelValue.REAL: "no sign of manipulation",
        LabelValue.FAKE: "swapped, blended or generated",
        LabelValue.CANNOT_TELL: "could be real or fake",
        LabelValue.UNUSABLE: "no face, a hidden face, or too small",
    },
    confidence="How sure are you?",
    confidences=("Guess", "Fairly sure", "Certain"),
    tags="Reasons",
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
    note_help="What would convince a colleague? The adjudicator reads this.",
    region="Region",
    region_none="Nothing is marked. Paint or box the region on the image.",
    region_some="A region is marked.",
    mark="Mark the face",
    submit="Submit",
    keep="Keep my label",
    change="Save the change",
    decide="Decide",
    skip="Skip",
    flag="Flag",
    flag_title="Flag this case",
    flag_help="This notifies the admins. You get the next case.",
    concerns={
        Concern.HARMFUL: "Violence or abuse",
        Concern.CHILD: "Shows a child",
        Concern.PRIVATE: "Private content",
        Concern.WRONG_FACE: "The box marks the wrong thing",
        Concern.OTHER: "Something else",
    },
    cancel="Cancel",
    undo="Undo",
    saved="Saved.",
    skipped="Skipped.",
    flagged="Flagged. The admins are notified.",
    undone="Undone. Choose again.",
    changed_of="Your label: {value}, {confidence}.",
    missing_value="Choose a label first.",
    missing_confidence="Choose how sure you are.",
    lost="This case is no longer assigned to you. Here is the next one.",
    failed="That did not work. Please try again.",
    model_says="Model verdict:",
    verdicts={verdict: PUBLIC.verdicts[verdict] for verdict in ("real", "fake", "inconclusive")},
    probability=PUBLIC.fake_probability.lower(),
    by_model="{model}. The image shows its heatmap.",
    no_answer="The model gave no score.",
    visitors="Visitors",
    provenance=PUBLIC.provenance.title,
    votes={Vote.AGREE: "agree", Vote.DISAGREE: "disagree", Vote.NOT_SURE: "not sure"},
    no_votes="No visitor has voted.",
    arguments="Labels of the moderators",
    moderator="Moderator {number}",
    before="{value} before the model’s verdict was shown",
    no_note="no note",
    show_region="Show the region",
    keys="Shortcuts",
    keys_title="Keyboard shortcuts",
    keys_help="Letter keys work outside text fields. Esc leaves a text field.",
    key_names={
        "enter": "submit, keep or decide",
        "note": "write a note",
        "zoom": "zoom to the face and back",
        "plus": "zoom in, zoom out",
        "whole": "whole image",
        "high_pass": "high-pass view",
        "error_level": "error-level view",
        "mark": "mark the face; arrow keys move the box, Shift and arrow keys resize it",
        "frames": "previous frame, next frame",
        "play": "play the video",
        "heat": "heatmap, after the reveal",
        "help": "this list",
    },
    close="Close",
    blur_first="Blur every new case at first",
    picture_alt="Image of the case",
    until="assigned to you until {time}",
    roles={Role.MODERATOR: "Moderator", Role.ADMIN: "Admin"},
    people="Users",
    people_columns=("Name", "Role", "Since", "Password set", "Second factor", "Disabled"),
    yes="yes",
    no="no",
    name="Name",
    role="Role",
    invite="Invite",
    renew_link="New link",
    set_role="Set role",
    disable="Disable",
    enable="Enable",
    link="Link for the user",
    link_help=(
        "Copy this link now. We cannot show it again. It works once. "
        "An invitation expires after 7 days, a new link after 24 hours."
    ),
    done={
        "invite": "{name} was invited.",
        "renew_link": "{name} has a new link.",
        "set_role": "{name} has a new role.",
        "disable": "{name} can no longer sign in.",
        "enable": "{name} can sign in again.",
    },
    flags="Flagged cases",
    flags_help=(
        "Cases that moderators did not want to label. "
        "A flagged case stays in the queue until it is decided or deleted."
    ),
    flags_columns=("When", "Why", "By", "Case"),
    no_flags="No case is flagged.",
    states={"open": "open", "disputed": "disputed", "decided": "decided", "gone": "deleted"},
    open_case="Open",
)
