"""`python -m webapp create-user`, in processes of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.webapp.db.test_migrate import OLD
from webapp.bootstrap import Records, accounts, open_records
from webapp.domain.enums import Role
from webapp.domain.errors import Refused
from webapp.services.accounts import HOST, SignInService
from webapp.settings import InvalidSetting, Settings, from_environment

PASSWORD = "correct horse battery"


def create_user(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LENS_")}
    command = [sys.executable, "-m", "webapp", "create-user", *arguments]
    environment = {**kept, "LENS_DATA": str(folder), **settings}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def opened(folder: Path) -> Records:
    return open_records(Settings(data=folder), upgrade=False)


def test_the_first_admin_is_created_and_signs_in(tmp_path: Path) -> None:
    """The first command makes the database; the link is the one that the door takes."""
    done = create_user(tmp_path, "Ada", "--role", "admin", LENS_PUBLIC_URL="https://lens.example/")
    assert (done.returncode, done.stderr) == (0, "")
    assert "7 days" in done.stdout
    address, _, token = done.stdout.splitlines()[-1].partition("#")
    assert address == "https://lens.example/link"
    with opened(tmp_path) as records:
        service, signing = accounts(records), SignInService(records.sessions, records.audit)
        assert service.accept(token, PASSWORD) == "ada"
        cookie = signing.sign_in("ada", PASSWORD, "", "203.0.113.9")
        again = create_user(
            tmp_path, "ada", "--reset", "--link-only", LENS_HOST="127.0.0.1", LENS_PORT="7999"
        )
        assert again.stdout.startswith("http://127.0.0.1:7999/link#")
        assert again.stdout.count("\n") == 1
        service.accept(again.stdout.strip().partition("#")[2], PASSWORD[::-1])
        assert signing.person_of(cookie) is None
        # Entries: migration, invitation, password, sign-in, new link, new password.
        assert records.audit.verify().head.number == 6
        assert [facts.role for facts in service.summaries(HOST)] == [Role.ADMIN]


def test_accounts_are_disabled_and_enabled(tmp_path: Path) -> None:
    made = json.loads(create_user(tmp_path, "bela", "--json").stdout)
    assert made["name"] == "bela"
    with opened(tmp_path) as records:
        service, signing = accounts(records), SignInService(records.sessions, records.audit)
        service.accept(made["link"].partition("#")[2], PASSWORD)
        # Although there is no admin.
        done = create_user(tmp_path, "bela", "--disable")
        assert (done.returncode, done.stdout) == (0, "bela may no longer sign in\n")
        with pytest.raises(Refused):
            signing.sign_in("bela", PASSWORD, "", "203.0.113.9")
        failed = create_user(tmp_path, "bela", "--reset")
        assert (failed.returncode, failed.stderr.split(":")[1]) == (1, " account_disabled")
        assert create_user(tmp_path, "bela", "--enable").stdout == "bela may again sign in\n"
        assert signing.sign_in("bela", PASSWORD, "", "203.0.113.9")


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["two words"], 1, "invalid_name"),
        (["ada"], 1, "name_taken"),
        (["nobody", "--reset"], 1, "unknown_account"),
        (["ada", "--disable"], 1, "last_admin"),
        (["ada", "--role", "visitor"], 2, None),
        (["ada", "--disable", "--enable"], 2, None),
        ([], 2, None),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    tmp_path: Path, arguments: list[str], status: int, code: str | None
) -> None:
    with open_records(Settings(data=tmp_path)) as records:
        accounts(records).invite(HOST, "ada", Role.ADMIN)
    done = create_user(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    if code is not None:
        assert done.stderr.startswith(f"error: {code}: ")
        assert done.stderr.count("\n") == 1


def test_commands_do_not_migrate_an_old_database(tmp_path: Path) -> None:
    shutil.copy(OLD, tmp_path / "lens.sqlite3")
    done = create_user(tmp_path, "ada")
    assert (done.returncode, done.stderr.split(":")[1]) == (1, " not_migrated")


@pytest.mark.parametrize(
    "address",
    [
        "lens.example",
        "ftp://lens.example",
        "https://lens.example/?a=b",
        "https://lens.example/#a",
        "https://",
    ],
)
def test_the_public_address_is_checked(address: str) -> None:
    with pytest.raises(InvalidSetting, match="LENS_PUBLIC_URL"):
        from_environment({"LENS_PUBLIC_URL": address})
