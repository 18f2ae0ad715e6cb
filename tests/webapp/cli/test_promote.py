from __future__ import annotations

import json

from tests.webapp.cli.conftest import Installation


def test_an_admin_promotes_a_candidate(installation: Installation) -> None:
    status, output, _ = installation.run("promote", "ft-1", "--by", "ada", "--json")
    champion = installation.versions.champion()
    assert champion is not None
    assert status == 0
    assert json.loads(output) == {
        "champion": "ft-1",
        "sha256": champion.sha256,
        "config_sha256": champion.config_sha256,
        "lineage": ["ft-1", "tiny-1"],
    }


def test_a_moderator_cannot_promote(installation: Installation) -> None:
    status, output, error = installation.run("promote", "ft-1", "--by", "bob")
    assert (status, output) == (1, "")
    assert error.startswith("error: not_an_admin:")
