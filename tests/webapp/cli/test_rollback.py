from __future__ import annotations

import json

from tests.webapp.cli.conftest import Installation


def test_a_rollback_restores_the_champion_before(installation: Installation) -> None:
    base = installation.versions.ensure_champion()
    installation.versions.promote("ft-1", "ada")
    status, output, _ = installation.run("rollback", "--by", "ada", "--json")
    assert status == 0
    assert json.loads(output) == {
        "champion": "tiny-1",
        "sha256": base.sha256,
        "config_sha256": base.config_sha256,
    }
    assert installation.versions.champion() == base


def test_without_an_earlier_champion_a_rollback_fails(installation: Installation) -> None:
    status, _, error = installation.run("rollback", "--by", "ada", "--to", "ft-1")
    assert status == 1
    assert error == "error: nothing_to_go_back_to: ft-1 was never the champion\n"
