"""Crashes of a process that stores files: every row has its file, and the sweep removes the rest."""

from __future__ import annotations

import hashlib
import multiprocessing
import random
import signal
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.webapp.keepers import keeper, receipt_of
from tests.webapp.receipt_services import receipt_service
from webapp.db.session import make_sessions, open_database
from webapp.db.tables import Media
from webapp.media.store import MediaStore
from webapp.services.storage.kept_media import KeptMediaService


def keep_and_delete(url: str, folder: Path, seed: int) -> None:
    """Pictures of noise until the end, some of them twice; every third is deleted.

    Each answer is a line, after it was given.
    """
    engine = open_database(url)
    sessions = make_sessions(engine)
    keeping = KeptMediaService(sessions, MediaStore(str(folder / "media")), quota=10**9)
    service, receipts = keeper(sessions, keeping), receipt_service(sessions, keeping=keeping)
    upload, chance = folder / f"upload-{seed}.png", np.random.default_rng(seed)
    with (folder / f"{seed}.acknowledged").open("a", buffering=1) as acknowledged:
        for number in range(1_000_000):
            if number % 4:
                Image.fromarray(chance.integers(0, 256, (32, 32, 3), np.uint8)).save(upload)
            receipt = receipt_of(service.analyse(upload, consent=True)) if upload.exists() else ""
            if receipt and number % 3:
                acknowledged.write(f"kept {receipt}\n")
            elif receipt:
                receipts.delete(receipt)
                acknowledged.write(f"deleted {receipt}\n")


@pytest.mark.parametrize("kills", [5, pytest.param(200, marks=pytest.mark.proof)])
def test_what_was_answered_is_there_after_every_kill(tmp_path: Path, kills: int) -> None:
    url = f"sqlite:///{tmp_path / 'lens.sqlite3'}"
    engine = open_database(url)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    chance = random.Random(kills)
    for seed in range(kills):
        process = context.Process(target=keep_and_delete, args=(url, tmp_path, seed))
        process.start()
        lines, deadline = tmp_path / f"{seed}.acknowledged", time.monotonic() + 120
        while (not lines.exists() or lines.read_text().count("\n") < 4) and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(chance.random() * 0.1)
        process.kill()
        process.join(timeout=60)
        assert process.exitcode == -signal.SIGKILL  # it had not failed before
    sessions, store = make_sessions(engine), MediaStore(str(tmp_path / "media"))
    with sessions() as session:
        rows = {media.name: media.sha256 for media in session.query(Media).all()}
    files = {
        name: hashlib.sha256(store.read(name)).hexdigest()
        for name in store.listed()
        if not name.endswith(".part")
    }
    assert rows.items() <= files.items()  # no row without its whole file
    receipts = receipt_service(
        sessions, keeping=KeptMediaService(sessions, store, quota=0, grace=timedelta(seconds=-1))
    )
    told = [
        line.split() for path in tmp_path.glob("*.acknowledged") for line in path.read_text().splitlines()
    ]
    assert len(told) >= 4 * kills
    for word, receipt in told:
        if word == "kept":
            assert receipts.result(receipt).to_json()["media"]["kept"]["sha256"] in files.values()
    swept = KeptMediaService(sessions, store, quota=0, grace=timedelta(seconds=-1)).sweep()
    assert swept.missing == ()
    assert store.listed().keys() == rows.keys()
    engine.dispose()
