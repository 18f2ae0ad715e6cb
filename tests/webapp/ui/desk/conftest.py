"""A case on the running desk, and a signed-in moderator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Server
from tests.desks import Moderator, close_all, keep, open_on, signed_in

# A valid label, with fields of other requests beside it.
LABEL = {"value": "fake", "confidence": 3, "tags": ["eyes"], "note": "n", "concern": "other"}


@pytest.fixture(scope="module")
def receipt(desk_server: Server, samples: Path) -> str:
    return keep(desk_server, samples / "two_people.jpg", vote="disagree")


@pytest.fixture
def case(desk_server: Server, receipt: str) -> str:
    close_all(desk_server)
    return open_on(desk_server, receipt)


@pytest.fixture
def mia(desk_server: Server) -> Iterator[Moderator]:
    with signed_in(desk_server, "mia") as moderator:
        yield moderator
        moderator.client.post("/sign-out")
