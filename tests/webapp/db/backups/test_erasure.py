"""Erasure from copies."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine

from webapp.db.backups import erasure
from webapp.db.session import Sessions
from webapp.db.sqlite_files import make_copy
from webapp.security.tokens import receipt_hash


def test_analysis_is_erased_from_a_copy(
    earlier_sessions: Sessions, stored_results: dict[str, Any], tmp_path: Path
) -> None:
    with earlier_sessions() as session:
        engine = cast(Engine, session.get_bind())
    copy = make_copy(engine, "before-test")
    assert copy is not None
    # The other one was made before the upgrade of the earlier schema.
    assert copy in erasure.copies(engine)
    hashed = receipt_hash(next(iter(stored_results)))
    assert hashed.encode() in copy.read_bytes()
    erasure.erase_from_copies(engine, hashed)
    assert all(hashed.encode() not in each.read_bytes() for each in erasure.copies(engine))
