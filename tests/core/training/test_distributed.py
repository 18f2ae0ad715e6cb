"""Training in several processes, started by the real torchrun, against one process."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from laanet_core.cli import main
from laanet_core.errors import InvalidConfig
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import load_weights, save_weights
from laanet_core.training.distributed import ProcessGroup
from laanet_core.training.trainer import LOG
from tests.conftest import ROOT
from tests.core.conftest import TINY, TinyDataset

SETTINGS = (
    "batch_pairs=4",
    "frozen_steps=1",
    "sam_rho=0.05",
    "average_decay=0.9",
    "material.pairs=0.4",
    "peak_rate=1e-3",
)


def train(dataset: TinyDataset, init: Path, run: Path, steps: int, *, processes: int, parts: int) -> Path:
    """Train through the command line and return the folder of the weights."""
    settings = (*SETTINGS, f"steps={steps}", f"micro_batches={parts}")
    command = ["train", str(run), "--manifest", str(dataset.manifest), "--init", str(init)]
    command += [word for setting in settings for word in ("--set", setting)]
    # One thread, as torchrun gives each of several processes; other numbers of threads add in another order.
    command += ["--seed", "7", "--device", "cpu", "--workers", "0", "--threads", "1", "--json"]
    output = run_alone(command) if processes == 1 else run_by_torchrun(command, processes)
    outcome = json.loads(output.splitlines()[-1])
    # Only the main process prints.
    assert len(output.splitlines()) == 1
    assert outcome["steps"] == steps
    return run / "weights"


def run_alone(command: list[str]) -> str:
    """Run the command in this process and return its output."""
    output, threads = io.StringIO(), torch.get_num_threads()
    try:
        with contextlib.redirect_stdout(output):
            assert main(command) == 0
    finally:
        torch.set_num_threads(threads)
    return output.getvalue()


def run_by_torchrun(command: list[str], processes: int) -> str:
    launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    process = subprocess.run(
        [sys.executable, "-m", *launcher, "-m", "laanet_core", *command],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_two_processes_equal_one_and_resume_its_runs(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    torch.manual_seed(0)
    save_weights(LAANet(TINY), tmp_path / "init", version="0")
    alone = train(tiny_dataset, tmp_path / "init", tmp_path / "alone", 3, processes=1, parts=2)
    together = train(tiny_dataset, tmp_path / "init", tmp_path / "together", 3, processes=2, parts=1)
    losses = [
        [json.loads(line) for line in (folder.parent / LOG).read_text().splitlines()]
        for folder in (alone, together)
    ]
    for name in ("total", "classification", "heatmap", "consistency"):
        assert losses[0][-1][name] == pytest.approx(losses[1][-1][name], rel=1e-4)
    start, *ends = (load_weights(folder).model for folder in (tmp_path / "init", alone, together))
    moved = 0.0
    for (name, value), one, other in zip(
        start.named_parameters(), *(end.parameters() for end in ends), strict=True
    ):
        assert torch.allclose(one, other, atol=2e-5), name
        moved = max(moved, float((one - value).detach().abs().max()))
    assert moved > 1e-4
    resumed = train(tiny_dataset, tmp_path / "init", tmp_path / "alone", 4, processes=2, parts=1)
    straight = train(tiny_dataset, tmp_path / "init", tmp_path / "together", 4, processes=1, parts=2)
    for one, other in zip(
        load_weights(resumed).model.parameters(), load_weights(straight).model.parameters(), strict=True
    ):
        assert torch.allclose(one, other, atol=2e-5)


def test_batches_that_cannot_be_divided_are_refused() -> None:
    assert ProcessGroup().micro_batch_count(1, 16) == 1
    assert ProcessGroup(1, 2).micro_batch_count(4, 16) == 4
    assert list(ProcessGroup(1, 2).own_micro_batches(4)) == [2, 3]
    with pytest.raises(InvalidConfig, match="3 processes"):
        ProcessGroup(0, 3).micro_batch_count(1, 16)
