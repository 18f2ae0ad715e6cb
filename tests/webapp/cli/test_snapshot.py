from __future__ import annotations

import json

from tests.webapp.cli.conftest import Installation
from webapp.bootstrap import open_records
from webapp.db.tables import Snapshot
from webapp.domain.clock import now
from webapp.domain.enums import SnapshotState
from webapp.settings import from_environment


def test_snapshots_are_listed_as_json(installation: Installation) -> None:
    with open_records(from_environment(), upgrade=False) as records, records.sessions.begin() as session:
        session.add(
            Snapshot(
                public_id="5" * 32,
                sha256="a" * 64,
                created_at=now(),
                state=SnapshotState.FROZEN,
                real=3,
                fake=2,
                train=3,
                val=1,
                gold=1,
            )
        )
    status, output, _ = installation.run("snapshot", "--list")
    (snapshot,) = json.loads(output)
    assert status == 0
    assert (snapshot["snapshot"], snapshot["state"], snapshot["train"]) == ("5" * 32, "frozen", 3)
