"""History of champions, so that the last change can be undone."""

from __future__ import annotations

import itertools

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    succession = op.create_table(
        "succession",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("before_id", sa.Integer(), nullable=False),
        sa.Column("after_id", sa.Integer(), nullable=False),
        sa.Column("taken_back_at", sa.DateTime()),
        *(
            sa.ForeignKeyConstraint(
                [f"{which}_id"], ["model_version.id"], name=op.f(f"fk_succession_{which}_id_model_version")
            )
            for which in ("before", "after")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_succession")),
    )
    for line in _lines():
        for before, after in itertools.pairwise(line):
            op.execute(succession.insert().values(before_id=before, after_id=after))


def downgrade() -> None:
    op.drop_table("succession")


def _lines() -> list[list[int]]:
    """Return the known ids of former champions and the champion of each source, oldest first.

    The last former champion may be marked rejected if it was rolled back.
    """
    query = sa.text("SELECT id, source, state, retired_at FROM model_version ORDER BY retired_at")
    rows = op.get_bind().execute(query).all()
    champions = [row for row in rows if row.state == "champion"]
    lines = []
    for champion in champions:
        former = [
            row
            for row in rows
            if row.source == champion.source and row.retired_at is not None and row.id != champion.id
        ]
        line = [row.id for row in former if row.state == "retired"]
        if former and former[-1].state == "rejected" and former[-1].id < champion.id:
            line.append(former[-1].id)
        lines.append([*line, champion.id])
    return lines
