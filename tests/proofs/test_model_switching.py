"""Promotion and rollback on a server under load: every score is of the version that the result names."""

from __future__ import annotations

import threading
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
from tests.model_versions import gate_report
from tests.waiting import wait_for
from webapp.db.tables import Analysis
from webapp.domain.enums import ModelState
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.version_files import RegisteredVersion
from webapp.services.model_registry.versions import VersionService

SENDERS = 2
# Seconds for a thousand requests on a busy machine
PATIENCE = 1800.0
# Change of the bias, in the verdict's logit: slight, but more than any rounding
CHANGE = 0.3
# Probabilities of one version differ by less; two threads add in another order than one
SAME = 1e-4

# Fake probability by sha256 of the version and name of the picture
Expected = Mapping[tuple[str, str], float]


@dataclass
class Answers:
    """Results (picture, sha256 of the version, probability), and the bodies of all other responses."""

    results: list[tuple[str, str, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def count(self, version: str, since: int = 0) -> int:
        return sum(named == version for _, named, _ in self.results[since:])


def faces(folder: Path, samples: Path) -> dict[str, Path]:
    """Write small pictures, in which the face is found quickly."""
    face = cv2.imread(str(samples / "astronaut.png"))[:240, 100:340]
    made = {"upright": face, "mirrored": face[:, ::-1], "soft": cv2.GaussianBlur(face, (5, 5), 0)}
    for name, pixels in made.items():
        cv2.imwrite(str(folder / f"{name}.png"), pixels)
    return {name: folder / f"{name}.png" for name in made}


def slightly_changed(folder: Path) -> Path:
    """Write the bundled weights with a slightly higher bias towards fake."""
    loaded = load_weights("starter")
    loaded.model.state_dict()["classification_head.linear.bias"].add_(CHANGE)
    save_weights(loaded.model, folder, version="changed", decision=loaded.decision)
    return folder


def candidate(server: Server, made: Path) -> tuple[RegisteredVersion, RegisteredVersion]:
    """Register a candidate with a report that passes. Return champion and candidate."""
    with records_of(server) as sessions:
        data = server.database.parent
        versions = VersionService(
            sessions, AuditService(sessions, data / "audit.head"), data / "models", "starter"
        )
        base = versions.ensure_champion()
        new = versions.register(made, "changed", state=ModelState.CANDIDATE, parent_sha256=base.sha256)
        versions.store_report("changed", gate_report(new, base))
        return base, new


def expectations(pictures: Mapping[str, Path], *registereds: RegisteredVersion) -> Expected:
    expected: dict[tuple[str, str], float] = {}
    for registered in registereds:
        detector = Detector.from_weights(registered.folder, "cpu", runtime="eager")
        for name, path in pictures.items():
            probability = detector.analyse_file(path).fake_prob
            assert probability is not None
            expected[registered.sha256, name] = probability
    return expected


def send(server: Server, pictures: Mapping[str, bytes], answers: Answers, enough: Callable[[], bool]) -> None:
    with httpx.Client(base_url=server.url, timeout=120) as client:
        while not enough():
            for name, content in pictures.items():
                answer = client.post("/api/v1/analyse", files={"file": (f"{name}.png", content)})
                if answer.status_code != 200:
                    answers.errors.append(answer.text)
                    continue
                result: dict[str, Any] = answer.json()
                answers.results.append((name, result["model"]["sha256"], result["fake_prob"]))


def switched_under_requests(folder: Path, samples: Path, requests: int) -> None:
    """Promote after a quarter of the requests, roll back after another quarter."""
    pictures = faces(folder, samples)
    made = slightly_changed(folder / "made")
    answers, done = Answers(), threading.Event()
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
                change_versions(ada, answers, (old, new), requests)
            finally:
                done.set()
                for sender in senders:
                    sender.join()
        with records_of(server) as sessions, sessions() as session:
            stored = Counter(session.scalars(select(Analysis.model_sha256)))
    assert answers.errors == []
    assert len(answers.results) >= requests
    for name, version, probability in answers.results:
        assert abs(probability - expected[version, name]) < SAME, (name, version)
    assert stored == Counter(version for _, version, _ in answers.results)


def change_versions(
    ada: Moderator,
    answers: Answers,
    both: tuple[RegisteredVersion, RegisteredVersion],
    requests: int,
) -> None:
    old, new = both
    quarter = requests // 4
    wait_for(lambda: answers.count(old.sha256) >= quarter, seconds=PATIENCE, interval=0.02)
    ada.said("/model/promote", {"version": "changed"})
    wait_for(lambda: answers.count(new.sha256) >= quarter, seconds=PATIENCE, interval=0.02)
    promoted = len(answers.results)
    found = ada.said("/model/rollback")
    assert next(one["state"] for one in found["versions"] if one["version"] == "changed") == "rejected"
    wait_for(lambda: answers.count(old.sha256, promoted) >= quarter, seconds=PATIENCE, interval=0.02)
    wait_for(lambda: len(answers.results) >= requests, seconds=PATIENCE, interval=0.02)


def test_requests_during_a_promotion_and_a_rollback(tmp_path: Path, samples: Path) -> None:
    switched_under_requests(tmp_path, samples, 40)


@pytest.mark.proof
def test_a_thousand_requests_during_a_promotion_and_a_rollback(tmp_path: Path, samples: Path) -> None:
    switched_under_requests(tmp_path, samples, 1000)
