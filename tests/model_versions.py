"""Tiny weights, registered versions and gate reports, as tests of the model registry need them."""

from __future__ import annotations

from pathlib import Path

import torch

from laanet_core.decision import DecisionConfig
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import save_weights
from tests.core.conftest import TINY
from webapp.db.session import Sessions
from webapp.db.tables import Account
from webapp.domain.clock import now
from webapp.domain.enums import ModelState, Role
from webapp.services.model_registry.gate_report import ComparedVersion, GateReport
from webapp.services.model_registry.version_files import RegisteredVersion
from webapp.services.model_registry.versions import VersionService


def write_weights(folder: Path, version: str, seed: int) -> Path:
    """Write random tiny weights to `folder/version`; the temperature equals the seed. Return the folder."""
    torch.manual_seed(seed)
    decision = DecisionConfig(temperature=float(seed), real_below=0.1, fake_above=0.9)
    save_weights(LAANet(TINY), folder / version, version=version, decision=decision)
    return folder / version


def gate_report(
    candidate: RegisteredVersion, champion: RegisteredVersion, *, passed: bool = True, snapshot: str = ""
) -> GateReport:
    """Return a report without checks."""
    return GateReport(
        passed=passed,
        candidate=ComparedVersion(version=candidate.version, sha256=candidate.sha256),
        champion=ComparedVersion(version=champion.version, sha256=champion.sha256),
        snapshot=snapshot,
    )


def register_candidate(
    versions: VersionService, folder: Path, version: str, seed: int, *, passed: bool = True
) -> RegisteredVersion:
    """Register random weights as a candidate that the gate compared with the present champion."""
    champion = versions.ensure_champion()
    weights = write_weights(folder, version, seed)
    candidate = versions.register(weights, version, state=ModelState.CANDIDATE, parent_sha256=champion.sha256)
    versions.store_report(version, gate_report(candidate, champion, passed=passed))
    return candidate


def add_accounts(sessions: Sessions) -> None:
    """Store the admin ada and the moderator bob."""
    with sessions.begin() as session:
        for name, role in (("ada", Role.ADMIN), ("bob", Role.MODERATOR)):
            session.add(Account(name=name, role=role, created_at=now()))
