"""Repeated kills of the whole server while clients write: everything acknowledged is stored, and whole."""

from __future__ import annotations

import hashlib
import io
import random
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from tests.application_processes import RunningProcess
from tests.conftest import fork_server, free_port, wait_until_served
from webapp.db.session import make_sessions, open_database
from webapp.db.tables import Media
from webapp.media.store import MediaStore
from webapp.security.tokens import new_key
from webapp.services.audit.log import AuditService
from webapp.services.storage.kept_media import KeptMediaService

CLIENTS = 4


@dataclass
class Told:
    """Answers to clients: receipts with the sha256 of the upload, notes of votes, deleted receipts."""

    kept: dict[str, str] = field(default_factory=dict)
    votes: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)


def write(base: str, seed: int, told: Told, ended: threading.Event) -> None:
    """Upload a picture of noise with consent, vote on it, delete every third; a dead server is waited for."""
    chance = np.random.default_rng(seed)
    with httpx.Client(base_url=base, timeout=30) as http:
        for number in range(1_000_000):
            if ended.is_set():
                return
            try:
                visit(
                    http,
                    f"{seed}-{number}",
                    chance.integers(0, 256, (96, 96, 3), np.uint8),
                    told,
                    delete=number % 3 == 2,
                )
            except httpx.TransportError:
                ended.wait(0.05)


def visit(http: httpx.Client, name: str, noise: npt.NDArray[np.uint8], told: Told, *, delete: bool) -> None:
    picture = io.BytesIO()
    Image.fromarray(noise).save(picture, "PNG")
    answer = http.post(
        "/analyse", data={"consent": "true"}, files={"file": ("noise.png", picture.getvalue())}
    )
    if answer.status_code != 200 or not answer.json()["kept"]:
        told.refused.append(f"{answer.status_code} {answer.text[:200]}")
        return
    receipt = answer.json()["receipt"]
    told.kept[receipt] = hashlib.sha256(picture.getvalue()).hexdigest()
    said = {"face": 0, "vote": "agree", "note": name, "idempotency_key": new_key()}
    if http.post(f"/results/{receipt}/feedback", json=said).status_code == 200:
        told.votes[receipt] = name
    if delete:
        del told.kept[receipt]  # from here on it may be gone
        told.votes.pop(receipt, None)
        if http.delete(f"/results/{receipt}").status_code == 200:
            told.deleted.add(receipt)


@pytest.mark.parametrize("kills", [2, pytest.param(300, marks=pytest.mark.proof)])
def test_a_killed_server_keeps_what_it_said_is_stored(tmp_path: Path, kills: int) -> None:
    port, told, ended, chance = free_port(), Told(), threading.Event(), random.Random(kills)
    url = f"http://127.0.0.1:{port}"
    clients = [
        threading.Thread(target=write, args=(f"{url}/api/v1", seed, told, ended), daemon=True)
        for seed in range(CLIENTS)
    ]
    servers = [start(tmp_path, port)]
    try:
        for client in clients:
            client.start()
        for _ in range(kills):
            wait_for_answers(told)
            time.sleep(chance.random() * 0.3)
            servers[-1].kill()
            servers[-1].wait(timeout=60)
            servers.append(start(tmp_path, port))
        ended.set()
        for client in clients:
            client.join(timeout=60)
        check_over_http(f"{url}/api/v1", told)
    finally:
        ended.set()
        servers[-1].terminate()
        servers[-1].wait(timeout=60)
    check_at_rest(tmp_path / "data", told)
    assert len(told.kept) >= kills
    print(
        f"{kills} kills; {len(told.kept)} kept, {len(told.votes)} votes, "
        f"{len(told.deleted)} deleted, refused: {told.refused[:3]}"
    )


def wait_for_answers(told: Told) -> None:
    before, deadline = len(told.votes) + len(told.deleted), time.monotonic() + 60
    while len(told.votes) + len(told.deleted) < before + CLIENTS:
        assert time.monotonic() < deadline, told.refused[-3:]
        time.sleep(0.02)


def start(folder: Path, port: int) -> RunningProcess:
    server = fork_server(folder, LENS_PORT=str(port), LENS_RUNTIME="eager")
    wait_until_served(f"http://127.0.0.1:{port}", server, folder / "log")
    return server


def check_over_http(base: str, told: Told) -> None:
    with httpx.Client(base_url=base, timeout=60) as http:
        for receipt in told.kept:
            result = http.get(f"/results/{receipt}").json()
            assert result["media"]["sha256"] == told.kept[receipt]
            assert result["media"]["kept"] is not None
            notes = [vote["note"] for vote in result["feedback"]]
            assert (
                notes == [told.votes[receipt]] if receipt in told.votes else len(notes) <= 1
            )  # one may be stored without its answer
        for receipt in told.deleted:
            assert http.get(f"/results/{receipt}").status_code == 404


def check_at_rest(data: Path, told: Told) -> None:
    with closing(sqlite3.connect(data / "lens.sqlite3")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    engine = open_database(f"sqlite:///{data / 'lens.sqlite3'}")
    sessions, store = make_sessions(engine), MediaStore(str(data / "media"))
    AuditService(sessions, data / "audit.head").verify()
    with sessions() as session:
        rows = {media.name: media.sha256 for media in session.query(Media).all()}
    swept = KeptMediaService(sessions, store, quota=0, grace=timedelta(seconds=-1)).sweep()
    assert swept.missing == ()
    files = {name: hashlib.sha256(store.read(name)).hexdigest() for name in store.listed()}
    assert files == rows  # every file is readable and whole, and none is there without its row
    engine.dispose()
