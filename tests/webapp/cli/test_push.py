from __future__ import annotations

from tests.webapp.cli.conftest import Installation


def test_a_candidate_is_not_published(installation: Installation) -> None:
    arguments = ("push", "--model", "ft-1", "me/lens", "--endpoint", "http://127.0.0.1:9")
    status, _, error = installation.run(*arguments)
    assert status == 1
    assert error.startswith("error: not_promoted:")


def test_an_unreachable_hub_is_reported(installation: Installation) -> None:
    arguments = ("push", "--model", "tiny-1", "me/lens", "--endpoint", "http://127.0.0.1:9")
    status, _, error = installation.run(*arguments)
    assert status == 1
    assert error.startswith("error: hub_failed:")
