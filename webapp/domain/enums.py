"""Closed vocabularies of the application. Their values are stored in the database and in JSON."""

from __future__ import annotations

from enum import StrEnum


class Vote(StrEnum):
    """Opinion of a visitor on a verdict."""

    AGREE = "agree"
    DISAGREE = "disagree"
    NOT_SURE = "not_sure"


class Tag(StrEnum):
    """Reason that a visitor gives for a vote."""

    BOUNDARY = "boundary"
    TEXTURE = "texture"
    LIGHTING = "lighting"
    TEETH = "teeth"
    EYES = "eyes"
    TEMPORAL = "temporal"
    OTHER = "other"


class Action(StrEnum):
    """Kind of an entry of the audit log."""

    RECEIPT_DELETED = "receipt_deleted"
    PURGED = "purged"
    BACKED_UP = "backed_up"
    RESTORED = "restored"
    MIGRATED = "migrated"
    # The first start after an upgrade.
    OPENED = "opened"
    INVITED = "invited"
    # A new link for an invited account or a forgotten password.
    LINK_RENEWED = "link_renewed"
    ACCOUNT_CHANGED = "account_changed"
    # The owner of an account used an invitation or reset link.
    PASSWORD_SET = "password_set"
    SECOND_FACTOR_SET = "second_factor_set"
    # The owner of an account used a reset link.
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    # First sign-in of a member of the organisation.
    JOINED = "joined"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGN_IN_REFUSED = "sign_in_refused"
    CASE_FLAGGED = "case_flagged"
    CASE_OPENED = "case_opened"
    CASE_LABELLED = "case_labelled"
    CASE_ADJUDICATED = "case_adjudicated"
    CASE_DECIDED = "case_decided"
    CASE_UNDONE = "case_undone"
    # A case with a known answer, which tests the moderators.
    CASE_GOLD = "case_gold"
    # A run of `import-cases` ended, complete or interrupted.
    FILES_IMPORTED = "files_imported"
    LABELS_EXPORTED = "labels_exported"
    SNAPSHOT_FROZEN = "snapshot_frozen"
    # Requested by an admin. The outcome has entries of its own.
    SNAPSHOT_ASKED = "snapshot_asked"
    FINETUNE_BEGUN = "finetune_begun"
    FINETUNE_CANCELLED = "finetune_cancelled"
    GATE_ASKED = "gate_asked"
    MODEL_PROMOTED = "model_promoted"
    MODEL_ROLLED_BACK = "model_rolled_back"
    PUBLISHED = "published"
    # A measured rate of the model left the band that the host promised, or is in it again.
    MODEL_LEFT_BAND = "model_left_band"
    MODEL_IN_BAND = "model_in_band"
    # The key that signs reports was replaced.
    REPORT_KEY_ROTATED = "report_key_rotated"
    # Reports of a key are no longer authentic.
    REPORT_KEY_REVOKED = "report_key_revoked"


class Actor(StrEnum):
    """Originator of an audit entry without an account. For accounts see `user_actor`."""

    NONE = "none"
    VISITOR = "visitor"
    SYSTEM = "system"


def user_actor(number: int) -> str:
    """Return the actor of the account with this id."""
    return f"user:{number}"


class Role(StrEnum):
    """Permissions of an account. Visitors have no account."""

    MODERATOR = "moderator"
    ADMIN = "admin"


class Purpose(StrEnum):
    """Purpose of a link, which works once."""

    INVITE = "invite"
    RESET = "reset"


class Reason(StrEnum):
    """Reason that opened a case."""

    # A visitor disagrees with the model, or visitors disagree.
    DISAGREEMENT = "disagreement"
    UNCERTAINTY = "uncertainty"
    # Drawn at random, independent of score and votes.
    AUDIT = "audit"
    # A visitor asked for the decision of a moderator.
    REPORT = "report"
    # The file contradicts itself or the model (`laanet_core.results.Conflict`).
    CONFLICT = "conflict"
    # The host imported the file, and the rule of the import selects the face.
    IMPORT = "import"


class ImportRule(StrEnum):
    """Rule by which an imported file opens cases: for which verdicts of the model."""

    ALL = "all"
    INCONCLUSIVE = "inconclusive"
    FAKE = "fake"
    NONE = "none"


class Concern(StrEnum):
    """A reason to flag a case. A closed list: free text could not be removed from the audit log again."""

    # Violence or abuse.
    HARMFUL = "harmful"
    CHILD = "child"
    # An intrusion into a person's private life.
    PRIVATE = "private"
    # The box is around another face or around none.
    WRONG_FACE = "wrong_face"
    OTHER = "other"


class LabelValue(StrEnum):
    """Judgement of a moderator on a face."""

    REAL = "real"
    FAKE = "fake"
    CANNOT_TELL = "cannot_tell"
    UNUSABLE = "unusable"


class Stage(StrEnum):
    """Stage of a label: before the reveal of the score, after it, or to settle a disagreement."""

    BLIND = "blind"
    FINAL = "final"
    ADJUDICATION = "adjudication"


class CaseState(StrEnum):
    """State of a case."""

    OPEN = "open"
    # The moderators disagree; another one or an admin decides.
    DISPUTED = "disputed"
    DECIDED = "decided"


class SnapshotState(StrEnum):
    """State of a training snapshot."""

    FROZEN = "frozen"
    # An item was deleted, or its decision undone, after the freeze.
    STALE = "stale"


class Split(StrEnum):
    """Split of a snapshot. Gold is for measuring and never trained on."""

    TRAIN = "train"
    VAL = "val"
    GOLD = "gold"


class RunState(StrEnum):
    """State of a fine-tuning run."""

    WAITING = "waiting"
    RUNNING = "running"
    CANCELLED = "cancelled"
    FAILED = "failed"
    FINISHED = "finished"


class ModelRate(StrEnum):
    """Rate of a model that is measured on the audit sample. A found fake has the verdict fake."""

    # Fakes among the faces with the verdict fake.
    PRECISION = "precision"
    # Found fakes among all fakes.
    RECALL = "recall"
    # Real faces with the verdict fake among all real faces.
    FALSE_ALARM_RATE = "false_alarm_rate"


class ModelState(StrEnum):
    """State of a model version."""

    CANDIDATE = "candidate"
    # The version that serves.
    CHAMPION = "champion"
    # A former champion.
    RETIRED = "retired"
    # Refused by the gate, or rolled back.
    REJECTED = "rejected"
