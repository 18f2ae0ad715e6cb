"""Tests of the desk's layout."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from tests import asynchronous
from webapp.texts.desk import ENGLISH
from webapp.ui.pages.desk import SCRIPTS, build
from webapp.ui.pages.desk import layout as page
from webapp.ui.services import DeskServices


def test_no_function_of_the_desk_is_public_and_admin_tabs_start_hidden() -> None:
    services: Any = SimpleNamespace(settings=SimpleNamespace(url="https://lens.example"))

    # Without a running event loop Gradio makes loops that it never closes.
    async def make() -> Any:
        return build(cast(DeskServices, services)).get_config_file()

    config = asynchronous.run(make())
    assert {call["api_visibility"] for call in config["dependencies"]} == {"private"}
    tabs = {
        part["props"].get("elem_id"): part["props"]
        for part in config["components"]
        if part["type"] == "tabitem"
    }
    assert tabs["cases-tab"]["visible"]
    for name in ("admin-tab", "model-tab", "measures-tab"):
        assert not tabs[name]["visible"]
    assert any(ENGLISH.sign_out in str(part["props"].get("value")) for part in config["components"])


def test_every_script_of_the_page_exists() -> None:
    folder = Path(page.__file__).parent
    assert {path.name for path in folder.glob("*.js")} == set(SCRIPTS)
