"""Options, queues and updates that the events of several pages share."""

from __future__ import annotations

from typing import Any

from webapp.settings import Settings

# Gradio queue of all events that analyse files.
ANALYSIS_QUEUE = "analysis"
# Queue of stability checks and stored evidence: events of the analysis queue may wait for minutes.
EVIDENCE_QUEUE = "stability"
# Options of an event that shows no progress and is no part of the public interface.
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
# Option of an event that Gradio must send although the answer to an earlier one is missing. By default Gradio
# ignores such a press, and sends such a change after the answer: after events that the visitor caused later.
EVERY_TIME: dict[str, Any] = {"trigger_mode": "multiple"}


def places(settings: Settings) -> int:
    """Return the number of analysis events that Gradio runs at a time.

    It is larger than the number of analyses that run at a time. So a photo's event reaches the analysis
    queue, where it overtakes clips that wait there.
    """
    return 2 * settings.at_once


def enabled(is_enabled: bool) -> str:
    """Return JavaScript that enables or disables a button in the browser, without a round trip (0.1 s)."""
    return f"{{interactive: {str(is_enabled).lower()}, __type__: 'update'}}"
