"""The poisoning drill at full size: minutes of fine-tuning."""

from __future__ import annotations

import pytest

from tests.webapp.cli.test_poison_drill import require_defences
from webapp.cli.poison_drill import drill
from webapp.services.drills.poisoning import DrillSize
from webapp.settings import Settings


@pytest.mark.proof
def test_every_defence_works_at_full_size() -> None:
    require_defences(drill(Settings(), DrillSize()))
