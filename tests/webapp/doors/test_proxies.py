"""From where somebody signs in, with a real server: what the connection says, or a proxy that the host trusts."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.conftest import Server, served


def guesses(server: Server, count: int) -> list[int]:
    """Each for another name, and each said to come from somewhere else."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        return [
            client.post(
                "/sign-in",
                data={"name": f"nobody{number}", "password": "a guess"},
                headers={"X-Forwarded-For": f"6.6.6.6, 203.0.113.{number}"},
            ).status_code
            for number in range(count)
        ]


@pytest.mark.parametrize(("trusted", "last"), [("", 429), ("10.0.0.0/8", 429), ("127.0.0.1", 422)])
def test_a_forwarded_address_counts_only_where_the_proxy_is_trusted(
    tmp_path: Path, trusted: str, last: int
) -> None:
    with served(tmp_path, LENS_TRUSTED_PROXIES=trusted, FORWARDED_ALLOW_IPS="*") as server:
        assert guesses(server, 11) == [422] * 10 + [last]
