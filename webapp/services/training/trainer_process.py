"""Trainer process of a run: it reads a request file, trains, and writes a result file, both in JSON.

`python -m webapp.services.training.trainer_process RUN_FOLDER`, also under torchrun. The folder contains
`request.json`, `result.json`, `output.log`, and `train/` with the library's log, checkpoint and weights.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from laanet_core.cli.signals import ended_by_signals
from laanet_core.errors import LaanetError
from webapp.services.training.subprocesses import start_session

if TYPE_CHECKING:
    from laanet_core.training.run import TrainingRequest

REQUEST_FILE = "request.json"
RESULT_FILE = "result.json"
OUTPUT_FILE = "output.log"
TRAIN_FOLDER = "train"
# Bytes that are read from the end of the training log; several lines
_LOG_TAIL = 4096
_MODULE = "webapp.services.training.trainer_process"


class TrainerResult(BaseModel):
    """Outcome of a trainer process: the steps trained, or the error that ended it."""

    model_config = ConfigDict(frozen=True)

    steps: int | None = None
    error_code: str | None = None
    error_message: str | None = None


def start_trainer(
    folder: Path, request: TrainingRequest, lock: int, *, processes: int
) -> subprocess.Popen[bytes]:
    """Start a trainer for the run in `folder`, with torchrun if there are several `processes`.

    The trainer inherits the file descriptor `lock`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULT_FILE).unlink(missing_ok=True)
    _write(folder / REQUEST_FILE, json.dumps(request.to_json(), indent=1))
    arguments = ["-m", _MODULE, str(folder)]
    if processes > 1:
        torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
        arguments = [*torchrun, *arguments]
    return start_session(arguments, folder / OUTPUT_FILE, locks=[lock])


def read_result(folder: Path) -> TrainerResult | None:
    """Return the result of the last trainer; None if it was killed before it wrote one."""
    try:
        return TrainerResult.model_validate_json((folder / RESULT_FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def last_step(folder: Path) -> int:
    """Return the number of the last step in the training log of a run; 0 before the first step."""
    try:
        lines = (folder / TRAIN_FOLDER / "log.jsonl").read_bytes()[-_LOG_TAIL:].splitlines()
    except FileNotFoundError:
        return 0
    for line in reversed(lines):
        # The last line may be incomplete.
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return int(json.loads(line)["step"])
    return 0


def is_trained(folder: Path, steps: int) -> bool:
    """Return whether the weights of step `steps` are in the run's folder."""
    try:
        config = json.loads((folder / TRAIN_FOLDER / "weights" / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(config.get("version") == f"step-{steps}")


def main(arguments: Sequence[str]) -> int:
    """Train as requested in the run folder `arguments[0]`, and write the result. Return the exit status."""
    from laanet_core.training.run import TrainingRequest, train

    folder = Path(arguments[0])
    request = TrainingRequest.from_json(json.loads((folder / REQUEST_FILE).read_text(encoding="utf-8")))
    try:
        with ended_by_signals():
            outcome = train(request, notify=print, progress=False)
    except Exception as error:
        code = error.code if isinstance(error, LaanetError) else "training_failed"
        message = str(error) or type(error).__name__
        _write(folder / RESULT_FILE, TrainerResult(error_code=code, error_message=message).model_dump_json())
        raise
    if outcome.is_main:
        _write(folder / RESULT_FILE, TrainerResult(steps=outcome.steps).model_dump_json())
    return 0


def _write(path: Path, content: str) -> None:
    """Write a file that readers see complete or not at all."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    unfinished.write_text(content, encoding="utf-8")
    unfinished.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
