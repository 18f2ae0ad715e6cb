"""Cases, claims, labels and decisions of the moderators."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_cases()
    _create_case_item()
    _create_claim()
    _create_decision()
    _create_label()
    _create_label_region()
    _create_label_tag()


def downgrade() -> None:
    for table in ("label_tag", "label_region", "label", "decision", "claim", "case_item", "cases"):
        op.drop_table(table)


def _create_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Double(), nullable=False),
        sa.Column("audited", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'disputed', 'decided')", name=op.f("ck_cases_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("public_id", name=op.f("uq_cases_public_id")),
    )
    op.create_index("ix_cases_state_rank", "cases", ["state", "rank"])


def _create_case_item() -> None:
    op.create_table(
        "case_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("analysis_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint(
            "reason IN ('disagreement', 'uncertainty', 'audit', 'report')", name=op.f("ck_case_item_reason")
        ),
        sa.ForeignKeyConstraint(
            ["analysis_id"],
            ["analysis.id"],
            name=op.f("fk_case_item_analysis_id_analysis"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_item_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_item")),
        sa.UniqueConstraint("analysis_id", "subject", name=op.f("uq_case_item_analysis_id")),
    )
    op.create_index(op.f("ix_case_item_case_id"), "case_item", ["case_id"])


def _create_claim() -> None:
    op.create_table(
        "claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_claim_account_id_account")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_claim_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("account_id", name=op.f("uq_claim_account_id")),
        sa.UniqueConstraint("case_id", "slot", name=op.f("uq_claim_case_id")),
    )


def _create_decision() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(16), nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.Column("undone_at", sa.DateTime()),
        sa.CheckConstraint("how IN ('agreement', 'majority', 'adjudication')", name=op.f("ck_decision_how")),
        sa.CheckConstraint(
            "value IN ('real', 'fake', 'cannot_tell', 'unusable')", name=op.f("ck_decision_value")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_decision_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_case_id"), "decision", ["case_id"])


def _create_label() -> None:
    op.create_table(
        "label",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("value", sa.String(16), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("model_sha256", sa.String(64)),
        sa.Column("withdrawn_at", sa.DateTime()),
        sa.CheckConstraint("stage IN ('blind', 'final', 'adjudication')", name=op.f("ck_label_stage")),
        sa.CheckConstraint(
            "value IN ('real', 'fake', 'cannot_tell', 'unusable')", name=op.f("ck_label_value")
        ),
        sa.CheckConstraint("confidence BETWEEN 1 AND 3", name=op.f("ck_label_confidence")),
        sa.CheckConstraint("length(note) <= 2000", name=op.f("ck_label_note")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_label_account_id_account")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_label_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
    )
    op.create_index(op.f("ix_label_account_id"), "label", ["account_id"])
    op.create_index(
        "ix_label_counting",
        "label",
        ["case_id", "account_id", "stage"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


def _create_label_region() -> None:
    op.create_table(
        "label_region",
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("time", sa.Double()),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(png) <= 65536", name=op.f("ck_label_region_png")),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label.id"], name=op.f("fk_label_region_label_id_label"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("label_id", name=op.f("pk_label_region")),
    )


def _create_label_tag() -> None:
    op.create_table(
        "label_tag",
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(16), nullable=False),
        sa.CheckConstraint(
            "tag IN ('boundary', 'texture', 'lighting', 'teeth', 'eyes', 'temporal', 'other')",
            name=op.f("ck_label_tag_tag"),
        ),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label.id"], name=op.f("fk_label_tag_label_id_label"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("label_id", "tag", name=op.f("pk_label_tag")),
    )
