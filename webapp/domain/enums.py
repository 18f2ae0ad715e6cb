"""The words of the application: receipts, votes, reasons, and errors a visitor or a host can answer."""

from __future__ import annotations

from enum import StrEnum


class Vote(StrEnum):
    """What a visitor says of a verdict."""

    AGREE = "agree"
    DISAGREE = "disagree"
    NOT_SURE = "not_sure"


class Tag(StrEnum):
    """Why a visitor thinks so."""

    BOUNDARY = "boundary"
    TEXTURE = "texture"
    LIGHTING = "lighting"
    TEETH = "teeth"
    EYES = "eyes"
    TEMPORAL = "temporal"
    OTHER = "other"


class Action(StrEnum):
    """What the audit log tells of."""

    RECEIPT_DELETED = "receipt_deleted"
    PURGED = "purged"
    BACKED_UP = "backed_up"
    RESTORED = "restored"
    MIGRATED = "migrated"
    OPENED = "opened"  # the first time after an upgrade
    INVITED = "invited"
    LINK_RENEWED = "link_renewed"  # for an account that was invited, or forgot its password
    ACCOUNT_CHANGED = "account_changed"
    PASSWORD_SET = "password_set"  # by the holder of a link
    SECOND_FACTOR_SET = "second_factor_set"
    SECOND_FACTOR_REMOVED = "second_factor_removed"  # by the link that was a reset
    JOINED = "joined"  # a member of the organisation signed in for the first time
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGN_IN_REFUSED = "sign_in_refused"
    CASE_FLAGGED = "case_flagged"
    CASE_OPENED = "case_opened"
    CASE_LABELLED = "case_labelled"
    CASE_ADJUDICATED = "case_adjudicated"
    CASE_DECIDED = "case_decided"
    CASE_UNDONE = "case_undone"
    CASE_GOLD = "case_gold"  # its answer is known: it tests the moderators
    LABELS_EXPORTED = "labels_exported"
    SNAPSHOT_FROZEN = "snapshot_frozen"
    SNAPSHOT_ASKED = "snapshot_asked"  # on the desk; what came of it has entries of its own
    FINETUNE_BEGUN = "finetune_begun"
    FINETUNE_CANCELLED = "finetune_cancelled"
    GATE_ASKED = "gate_asked"
    MODEL_PROMOTED = "model_promoted"
    MODEL_ROLLED_BACK = "model_rolled_back"
    PUBLISHED = "published"


class Actor(StrEnum):
    """Who did it, where it was no user with an account; those are `user_actor`."""

    NONE = "none"
    VISITOR = "visitor"
    SYSTEM = "system"


def user_actor(number: int) -> str:
    return f"user:{number}"


class Role(StrEnum):
    """What an account may do. Visitors have no account."""

    MODERATOR = "moderator"
    ADMIN = "admin"


class Purpose(StrEnum):
    """What a link that was handed to a person lets him do, once."""

    INVITE = "invite"
    RESET = "reset"


class Reason(StrEnum):
    """Why a result became a case."""

    DISAGREEMENT = "disagreement"  # a visitor against the model, or visitors against each other
    UNCERTAINTY = "uncertainty"
    AUDIT = "audit"  # drawn at random, whatever anybody said
    REPORT = "report"  # a visitor asked for a moderator


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
    """What a moderator says a face is."""

    REAL = "real"
    FAKE = "fake"
    CANNOT_TELL = "cannot_tell"
    UNUSABLE = "unusable"


class Stage(StrEnum):
    """When a label was given: before anything was revealed, after it, or between moderators who disagree."""

    BLIND = "blind"
    FINAL = "final"
    ADJUDICATION = "adjudication"


class CaseState(StrEnum):
    OPEN = "open"
    DISPUTED = "disputed"  # the moderators disagree; an adjudicator decides
    DECIDED = "decided"


class SnapshotState(StrEnum):
    FROZEN = "frozen"
    STALE = "stale"  # something in it was deleted or undone since


class Part(StrEnum):
    """What an item of a snapshot is for. Gold is never learned from."""

    TRAIN = "train"
    VAL = "val"
    GOLD = "gold"


class RunState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    CANCELLED = "cancelled"
    FAILED = "failed"
    FINISHED = "finished"


class ModelState(StrEnum):
    CANDIDATE = "candidate"
    CHAMPION = "champion"  # the one that answers
    RETIRED = "retired"  # was champion
    REJECTED = "rejected"  # by the gate, or taken back
