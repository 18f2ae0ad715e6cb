"""Calls that a page makes by number: their version, and those whose answers show a result."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import gradio as gr

# Element ids of the components that show a result.
RESULT_COMPONENTS = frozenset({"headline", "picture", "faces", "clip", "consistency-maps", "stored-head"})


def page_version(blocks: gr.Blocks) -> str:
    """Return a hash of all components and calls. Pages with the same one can call each other's server."""
    config = _config(blocks)
    components = [(part["id"], part["type"]) for part in config["components"]]
    calls = [
        (call["id"], call["targets"], call["inputs"], call["outputs"]) for call in config["dependencies"]
    ]
    return hashlib.sha256(json.dumps([components, calls]).encode()).hexdigest()[:16]


def result_calls(blocks: gr.Blocks) -> list[int]:
    """Return the numbers of the calls whose answers change the shown result."""
    config = _config(blocks)
    shown = {part["id"] for part in config["components"] if part["props"].get("elem_id") in RESULT_COMPONENTS}
    return [call["id"] for call in config["dependencies"] if shown & set(call["outputs"])]


def _config(blocks: gr.Blocks) -> dict[str, Any]:
    return dict(blocks.get_config_file())
