"""Tests of the page for programs without a browser."""

from __future__ import annotations

import httpx
import pytest

from tests.conftest import Server
from webapp.texts import LANGUAGES
from webapp.ui.pages.programs import EXAMPLES
from webapp.ui.rest.errors import status_of


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_example_has_a_name_in_every_language(code: str) -> None:
    assert set(LANGUAGES[code].programs.examples) == {file.stem for file in EXAMPLES.iterdir()}


def test_statuses_of_the_table_are_those_of_the_interface(server: Server) -> None:
    with httpx.Client(base_url=f"{server.url}/api/v1", timeout=120) as rest:
        refused = {
            "missing_file": rest.post("/analyse", files={"other": b"x"}),
            "unknown_receipt": rest.get("/results/none"),
            "too_large": rest.post("/analyse", content=bytes(20_000_001)),
            "unsupported_type": rest.post("/analyse", content=b"no photo"),
            "invalid_consent": rest.post("/analyse", files={"file": b"x"}, data={"consent": "perhaps"}),
        }
    for code, answer in refused.items():
        assert (answer.status_code, answer.json()["error"]["code"]) == (status_of(code), code)
    # The last two need a full queue and a fault.
    assert [status_of("busy"), status_of("unforeseen")] == [503, 500]
    assert set(LANGUAGES["en"].programs.errors) == {*refused, "busy", "unforeseen"}


def test_tools_for_ai_programs_are_mentioned_only_if_they_are_on(server: Server, desk_server: Server) -> None:
    title = LANGUAGES["en"].programs.sections["mcp"][0]
    shown = [title in httpx.get(f"{site.url}/programs").text for site in (server, desk_server)]
    assert shown == [True, False]
