"""Training snapshots, fine-tuning runs and model versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_snapshot()
    _create_tuning_run()
    _create_model_version()
    _create_snapshot_item()


def downgrade() -> None:
    for table in ("snapshot_item", "model_version", "tuning_run", "snapshot"):
        op.drop_table(table)


def _create_snapshot() -> None:
    op.create_table(
        "snapshot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("real", "fake", "train", "val", "gold")),
        sa.CheckConstraint("state IN ('frozen', 'stale')", name=op.f("ck_snapshot_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("public_id", name=op.f("uq_snapshot_public_id")),
    )


def _create_tuning_run() -> None:
    op.create_table(
        "tuning_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("snapshot_id", sa.Integer(), nullable=False),
        sa.Column("base_sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("beat_at", sa.DateTime(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("pid", sa.Integer()),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'cancelled', 'failed', 'finished')",
            name=op.f("ck_tuning_run_state"),
        ),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshot.id"], name=op.f("fk_tuning_run_snapshot_id_snapshot")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tuning_run")),
        sa.UniqueConstraint("public_id", name=op.f("uq_tuning_run_public_id")),
    )
    op.create_index(op.f("ix_tuning_run_snapshot_id"), "tuning_run", ["snapshot_id"])
    is_running = sa.text("state = 'running'")
    op.create_index(
        "ix_tuning_run_running",
        "tuning_run",
        ["state"],
        unique=True,
        sqlite_where=is_running,
        postgresql_where=is_running,
    )


def _create_model_version() -> None:
    op.create_table(
        "model_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(128), nullable=False),
        sa.Column("source", sa.String(512), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("config_sha256", sa.String(64), nullable=False),
        sa.Column("parent_sha256", sa.String(64)),
        sa.Column("run_id", sa.Integer()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("report", sa.Text()),
        sa.Column("promoted_at", sa.DateTime()),
        sa.Column("promoted_by", sa.String(64)),
        sa.Column("retired_at", sa.DateTime()),
        sa.CheckConstraint(
            "state IN ('candidate', 'champion', 'retired', 'rejected')", name=op.f("ck_model_version_state")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["tuning_run.id"], name=op.f("fk_model_version_run_id_tuning_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_version")),
        sa.UniqueConstraint("run_id", name=op.f("uq_model_version_run_id")),
        sa.UniqueConstraint("version", name=op.f("uq_model_version_version")),
    )
    op.create_index(op.f("ix_model_version_sha256"), "model_version", ["sha256"])
    is_champion = sa.text("state = 'champion'")
    op.create_index(
        "ix_model_version_champion",
        "model_version",
        ["source"],
        unique=True,
        sqlite_where=is_champion,
        postgresql_where=is_champion,
    )


def _create_snapshot_item() -> None:
    followed = {"analysis_id": "analysis", "case_id": "cases", "decision_id": "decision"}
    op.create_table(
        "snapshot_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.Integer(), nullable=False),
        *(sa.Column(column, sa.Integer()) for column in followed),
        sa.Column("name", sa.String(48), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("media_sha256", sa.String(64), nullable=False),
        sa.Column("part", sa.String(8), nullable=False),
        sa.Column("label", sa.String(8), nullable=False),
        sa.Column("provenance", sa.String(16), nullable=False),
        sa.CheckConstraint("part IN ('train', 'val', 'gold')", name=op.f("ck_snapshot_item_part")),
        sa.CheckConstraint("label IN ('real', 'fake')", name=op.f("ck_snapshot_item_label")),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_snapshot_item_{column}_{table}"),
                ondelete="SET NULL",
            )
            for column, table in followed.items()
        ),
        sa.ForeignKeyConstraint(
            ["snapshot_id"],
            ["snapshot.id"],
            name=op.f("fk_snapshot_item_snapshot_id_snapshot"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot_item")),
        sa.UniqueConstraint("snapshot_id", "name", name=op.f("uq_snapshot_item_snapshot_id")),
    )
    for column in followed:
        op.create_index(op.f(f"ix_snapshot_item_{column}"), "snapshot_item", [column])
