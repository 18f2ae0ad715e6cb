from __future__ import annotations

from pathlib import Path

import pytest

from tests.model_versions import add_accounts, register_candidate
from tests.synthetic_uploads import error_code
from webapp.db.session import Sessions
from webapp.db.tables import AuditEntry
from webapp.domain.enums import Role
from webapp.services.accounts import Person
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.versions import VersionService
from webapp.services.training.admin import LearningAdminService
from webapp.services.training.background_commands import LOCK_FILE, BackgroundCommands
from webapp.services.training.file_locks import try_lock
from webapp.services.training.finetuning import FinetuneService
from webapp.services.training.snapshots import SnapshotService

ADMIN, MODERATOR = Person(1, "ada", Role.ADMIN), Person(2, "bob", Role.MODERATOR)


@pytest.fixture
def admin(
    sessions: Sessions,
    audit: AuditService,
    snapshots: SnapshotService,
    finetuning: FinetuneService,
    versions: VersionService,
    runs_folder: Path,
) -> LearningAdminService:
    add_accounts(sessions)
    commands = BackgroundCommands(runs_folder / "errands")
    return LearningAdminService(
        audit, snapshots, finetuning, versions, commands, serving=lambda: "tiny-1", replay=None
    )


@pytest.mark.parametrize(("person", "code"), [(None, "not_signed_in"), (MODERATOR, "not_allowed")])
def test_every_action_is_for_admins(admin: LearningAdminService, person: Person | None, code: str) -> None:
    assert error_code(admin.overview, person) == code
    assert error_code(admin.gate_report, person, "ft-1") == code
    assert error_code(admin.freeze_snapshot, person) == code
    assert error_code(admin.start_run, person, "5" * 32) == code
    assert error_code(admin.resume_run, person, "1" * 32) == code
    assert error_code(admin.cancel_run, person, "1" * 32) == code
    assert error_code(admin.start_gate, person, "ft-1") == code
    assert error_code(admin.promote, person, "ft-1") == code
    assert error_code(admin.rollback, person) == code


def test_the_overview_shows_versions_with_their_ancestors(
    admin: LearningAdminService, versions: VersionService, tmp_path: Path
) -> None:
    register_candidate(versions, tmp_path, "ft-1", 5)
    overview = admin.overview(ADMIN).model_dump(mode="json")
    assert (overview["answering"], overview["before"], overview["errand"]) == ("tiny-1", None, None)
    assert [version["lineage"] for version in overview["versions"]] == [["ft-1", "tiny-1"], ["tiny-1"]]
    admin.promote(ADMIN, "ft-1")
    assert admin.overview(ADMIN).before == "tiny-1"
    admin.rollback(ADMIN)
    assert admin.overview(ADMIN).before is None


def test_errors_for_hosts_become_errors_of_the_desk(
    admin: LearningAdminService, versions: VersionService
) -> None:
    versions.ensure_champion()
    assert error_code(admin.gate_report, ADMIN, "tiny-1") == "not_measured"
    assert error_code(admin.start_gate, ADMIN, "none") == "unknown_version"
    assert error_code(admin.start_run, ADMIN, "5" * 32, 0) == "invalid_steps"
    assert error_code(admin.start_run, ADMIN, "5" * 32) == "unknown_snapshot"


def test_a_busy_command_is_not_recorded(
    admin: LearningAdminService, sessions: Sessions, runs_folder: Path
) -> None:
    with try_lock(runs_folder / "errands" / LOCK_FILE):
        assert error_code(admin.freeze_snapshot, ADMIN) == "errand_busy"
    with sessions() as session:
        assert session.query(AuditEntry).filter_by(action="snapshot_asked").count() == 0
