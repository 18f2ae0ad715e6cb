"""Options that the pages' events share; the browser tests cover the events."""

from __future__ import annotations

from webapp.settings import Settings
from webapp.ui.pages.events import places


def test_more_events_run_than_analyses_so_that_photos_can_overtake_clips() -> None:
    assert places(Settings(at_once=3)) > 3
