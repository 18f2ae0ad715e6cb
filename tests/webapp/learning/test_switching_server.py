"""A server promoted and rolled back under those who ask it: no error, and every score is of the one version that its answer names."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import httpx
import pytest
from sqlalchemy import select

from laanet_core.inference.detector import Detector
from laanet_core.modeling.loading import load_weights, save_weights
from tests.conftest import Server, served
from tests.desks import Moderator, invite_all, records_of, signed_in
from webapp.db.tables import Analysis
from webapp.domain.enums import ModelState
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.versions import Standing, VersionService

SENDERS = 2
PATIENCE = 1800.0  # seconds, for a thousand requests on a busy machine
CHANGE = 0.3  # of the verdict's logit: a slight one, but more than any rounding
SAME = 1e-4  # of a probability; two threads add in another order than one

Expected = Mapping[tuple[str, str], float]  # fake probability by version and picture


@dataclass
class Answers:
    """What was answered, by picture, version and probability; `wrong` is anything else."""

    given: list[tuple[str, str, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def count(self, version: str, since: int = 0) -> int:
        return sum(named == version for _, named, _ in self.given[since:])


def faces(folder: Path, samples: Path) -> dict[str, Path]:
    """Small ones, so that they are found fast."""
    face = cv2.imread(str(samples / "astronaut.png"))[:240, 100:340]
    made = {"upright": face, "mirrored": face[:, ::-1], "soft": cv2.GaussianBlur(face, (5, 5), 0)}
    for name, pixels in made.items():
        cv2.imwrite(str(folder / f"{name}.png"), pixels)
    return {name: folder / f"{name}.png" for name in made}


def slightly_changed(folder: Path) -> Path:
    """The bundled weights, a little more inclined to say fake."""
    loaded = load_weights("starter")
    loaded.model.state_dict()["classification_head.linear.bias"].add_(CHANGE)
    save_weights(loaded.model, folder, version="changed", decision=loaded.decision)
    return folder


def candidate(server: Server, made: Path) -> tuple[Standing, Standing]:
    """Champion and candidate; the gate's report says that it passed."""
    with records_of(server) as sessions:
        data = server.database.parent
        versions = VersionService(
            sessions, AuditService(sessions, data / "audit.head"), data / "models", "starter"
        )
        base = versions.base()
        new = versions.register(made, "changed", state=ModelState.CANDIDATE, parent_sha256=base.sha256)
        named = {"champion": {"sha256": base.sha256}, "candidate": {"sha256": new.sha256}}
        versions.note("changed", {"passed": True, "snapshot": "s" * 32, "checks": [], **named})
        return base, new


def expectations(pictures: Mapping[str, Path], *standings: Standing) -> Expected:
    expected: dict[tuple[str, str], float] = {}
    for standing in standings:
        detector = Detector.from_weights(standing.folder, "cpu", runtime="eager")
        for name, path in pictures.items():
            probability = detector.analyse_file(path).fake_prob
            assert probability is not None
            expected[standing.sha256, name] = probability
    return expected


def send(server: Server, pictures: Mapping[str, bytes], answers: Answers, enough: Callable[[], bool]) -> None:
    with httpx.Client(base_url=server.url, timeout=120) as client:
        while not enough():
            for name, content in pictures.items():
                answer = client.post("/api/v1/analyse", files={"file": (f"{name}.png", content)})
                if answer.status_code != 200:
                    answers.wrong.append(answer.text)
                    continue
                result: dict[str, Any] = answer.json()
                answers.given.append((name, result["model"]["sha256"], result["fake_prob"]))


def wait_for(condition: Callable[[], bool], deadline: float) -> None:
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def switched_under_requests(folder: Path, samples: Path, requests: int) -> None:
    """A promotion after a quarter of the requests, a rollback once the new version answered as many; then the old one as many again."""
    pictures = faces(folder, samples)
    made = slightly_changed(folder / "made")
    answers, done, deadline = Answers(), threading.Event(), time.monotonic() + PATIENCE
    with served(
        folder, LENS_WEIGHTS="starter", LENS_MAX_WAITING="100", LENS_AT_ONCE="2", LENS_CASE_UNCERTAIN="0"
    ) as server:
        invite_all(server)
        old, new = candidate(server, made)
        expected = expectations(pictures, old, new)
        assert all(
            abs(expected[old.sha256, name] - expected[new.sha256, name]) > 10 * SAME for name in pictures
        )
        contents = {name: path.read_bytes() for name, path in pictures.items()}
        senders = [
            threading.Thread(target=send, args=(server, contents, answers, done.is_set))
            for _ in range(SENDERS)
        ]
        with signed_in(server, "ada") as ada:
            for sender in senders:
                sender.start()
            try:
                ask_for_changes(ada, answers, (old, new), requests, deadline)
            finally:
                done.set()
                for sender in senders:
                    sender.join()
        with records_of(server) as sessions, sessions() as session:
            stored = Counter(session.scalars(select(Analysis.model_sha256)))
    assert answers.wrong == []
    assert len(answers.given) >= requests
    for name, version, probability in answers.given:
        assert abs(probability - expected[version, name]) < SAME, (name, version)
    assert stored == Counter(version for _, version, _ in answers.given)


def ask_for_changes(
    ada: Moderator, answers: Answers, both: tuple[Standing, Standing], requests: int, deadline: float
) -> None:
    old, new = both
    quarter = requests // 4
    wait_for(lambda: answers.count(old.sha256) >= quarter, deadline)
    ada.said("/model/promote", {"version": "changed"})
    wait_for(lambda: answers.count(new.sha256) >= quarter, deadline)
    promoted = len(answers.given)
    found = ada.said("/model/rollback")
    assert next(one["state"] for one in found["versions"] if one["version"] == "changed") == "rejected"
    wait_for(lambda: answers.count(old.sha256, promoted) >= quarter, deadline)
    wait_for(lambda: len(answers.given) >= requests, deadline)


def test_requests_during_a_promotion_and_a_rollback(tmp_path: Path, samples: Path) -> None:
    switched_under_requests(tmp_path, samples, 40)


@pytest.mark.proof
def test_a_thousand_requests_during_a_promotion_and_a_rollback(tmp_path: Path, samples: Path) -> None:
    switched_under_requests(tmp_path, samples, 1000)
