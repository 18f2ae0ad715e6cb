"""Fine-tuning whose supervisor and trainer are killed, alone and together, and which is cancelled at last."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.model_versions import write_weights
from tests.synthetic_uploads import SyntheticUploads, find_landmarks
from tests.waiting import wait_for
from webapp.bootstrap import Learning, open_learning, open_records
from webapp.db.tables import TuningRun
from webapp.services.training import splits
from webapp.services.training.file_locks import is_locked
from webapp.services.training.run_store import RunSpec
from webapp.services.training.supervisor import TRAINER_LOCK
from webapp.settings import Settings

CHANGES = ("batch_pairs=2", "material.foreign_blends=0", "steps=4000")


@dataclass
class Killing:
    """A run of an installation in `data`, and the processes that carry it out."""

    learning: Learning
    data: Path
    weights: Path
    run: str

    def start_supervisor(self) -> subprocess.Popen[bytes]:
        """Start `python -m webapp finetune --run ID`, its messages appended to a file."""
        environment = {
            **os.environ,
            "LENS_DATA": str(self.data),
            "LENS_WEIGHTS": str(self.weights),
            "LENS_DEVICE": "cpu",
        }
        with (self.data / "messages").open("ab") as messages:
            return subprocess.Popen(
                [sys.executable, "-m", "webapp", "finetune", "--run", self.run],
                cwd=ROOT,
                env=environment,
                stderr=messages,
            )

    @property
    def folder(self) -> Path:
        return self.data / "runs" / self.run

    def logged_steps(self) -> list[int]:
        log = self.folder / "train" / "log.jsonl"
        if not log.exists():
            return []
        return [json.loads(line)["step"] for line in log.read_text().splitlines()]

    def wait_for_steps(self) -> None:
        """Wait until the trainer has logged more steps."""
        logged = len(self.logged_steps())
        wait_for(lambda: len(self.logged_steps()) > logged + 3)

    def trainer(self) -> int:
        """Return the trainer's process id, 0 before the supervisor stored one."""
        with self.learning.records.sessions() as session:
            return session.query(TuningRun.pid).filter_by(public_id=self.run).scalar() or 0


@pytest.fixture
def killing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Killing]:
    monkeypatch.setattr(splits, "GOLD_SHARE", 0.35)
    monkeypatch.setattr(splits, "VAL_SHARE", 0.3)
    data, weights = tmp_path / "data", write_weights(tmp_path, "tiny-1", 3)
    settings = Settings().model_copy(update={"data": data, "weights": str(weights), "device": "cpu"})
    records = open_records(settings)
    with open_learning(settings, records, landmarks=lambda: find_landmarks, delay=timedelta(0)) as learning:
        uploads = SyntheticUploads.create(tmp_path / "pictures", records.sessions, records.keeping)
        uploads.users.upload_and_decide(uploads.faces(14, 14))
        snapshot = learning.snapshots.freeze().public_id
        run = learning.finetuning.prepare(RunSpec(snapshot, changes=CHANGES))
        yield Killing(learning, data, weights, run)


@pytest.mark.proof
def test_a_killed_run_is_resumed_and_a_cancelled_one_ends(killing: Killing) -> None:
    first = killing.start_supervisor()
    killing.wait_for_steps()
    trainer = killing.trainer()
    first.kill()
    first.wait()
    # The trainer survives its supervisor, and the next supervisor adopts it.
    os.killpg(trainer, 0)
    second = killing.start_supervisor()
    killing.wait_for_steps()
    assert killing.trainer() == trainer
    # The supervisor replaces a killed trainer.
    os.killpg(trainer, signal.SIGKILL)
    replacement = wait_for(lambda: pid if (pid := killing.trainer()) != trainer else 0)
    killing.wait_for_steps()
    # After both were killed, a new supervisor resumes the run from its checkpoint.
    second.kill()
    os.killpg(replacement, signal.SIGKILL)
    second.wait()
    third = killing.start_supervisor()
    killing.wait_for_steps()
    assert killing.logged_steps()[-1] > 40
    killing.learning.finetuning.cancel(killing.run)
    assert third.wait(timeout=60) == 1
    assert "run_cancelled" in (killing.data / "messages").read_text()
    assert killing.learning.finetuning.summaries()[0].state == "cancelled"
    assert not is_locked(killing.folder / TRAINER_LOCK)
