"""Coverage of the public rates: 100 sites with fakes, misleading visitors and repeated uploads."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.audit_world import FAKE_VERDICTS, FAKES, AuditWorld, SimulatedFace, bring, faces_of, true_rate
from webapp.db.session import connect, make_sessions, open_database
from webapp.domain.enums import ModelRate
from webapp.services.label_quality.model_figures import RateFigures

RUNS = 100
FILES = 420
SHARE = 0.6
LEAST = 93
# The rates that the model has on files without end.
ALARMS = FAKES * FAKE_VERDICTS[True] + (1 - FAKES) * FAKE_VERDICTS[False]
IN_THE_LONG_RUN = {
    ModelRate.PRECISION: FAKES * FAKE_VERDICTS[True] / ALARMS,
    ModelRate.RECALL: FAKE_VERDICTS[True],
    ModelRate.FALSE_ALARM_RATE: FAKE_VERDICTS[False],
}


def run(database: Path, seed: int) -> tuple[list[SimulatedFace], dict[ModelRate, RateFigures]]:
    engine = connect(f"sqlite:///{database}")
    rng = random.Random(seed)
    faces = faces_of(rng, FILES)
    try:
        world = AuditWorld(make_sessions(engine), SHARE)
        world.decide(bring(world, faces, rng), rng)
        assert world.drawn() == {face.file for face in faces if face.draw < SHARE}
        return faces, {rate: world.measured(rate) for rate in ModelRate}
    finally:
        engine.dispose()


@pytest.mark.proof
def test_the_public_rates_cover_the_truth_in_93_of_100_runs(tmp_path: Path) -> None:
    empty = tmp_path / "empty.sqlite3"
    open_database(f"sqlite:///{empty}").dispose()
    covered = dict.fromkeys(ModelRate, 0)
    covered_in_the_long_run = dict.fromkeys(ModelRate, 0)
    for seed in range(RUNS):
        database = Path(shutil.copy(empty, tmp_path / f"{seed}.sqlite3"))
        faces, rates = run(database, seed)
        database.unlink()
        for rate, figures in rates.items():
            assert figures.interval is not None, (seed, rate)
            low, high = figures.interval
            covered[rate] += low <= true_rate(faces, rate) <= high
            covered_in_the_long_run[rate] += low <= IN_THE_LONG_RUN[rate] <= high
        print(seed + 1, dict(covered), dict(covered_in_the_long_run), flush=True)
    assert min(covered.values()) >= LEAST, covered
