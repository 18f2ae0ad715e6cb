"""Tests of the keys from the settings: made once, from a variable, rotated with an audit entry."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from webapp.bootstrap.records import open_records
from webapp.bootstrap.report_keys import (
    open_report_keys,
    published_keys,
    report_keys,
    revoke,
    rotate,
)
from webapp.db.tables import AuditEntry
from webapp.domain.clock import now
from webapp.domain.errors import Unable
from webapp.security.signing_keys import new_keys, parse_signing_keys
from webapp.settings import InvalidSetting, Settings


def test_the_first_start_makes_the_keys_and_a_restart_finds_them(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    with pytest.raises(Unable) as refusal:
        published_keys(settings)
    assert refusal.value.code == "no_report_keys"
    made = open_report_keys(settings)().public
    assert open_report_keys(settings)().public == made
    assert published_keys(settings) == made


def test_keys_can_come_from_the_environment_and_stay_secret(tmp_path: Path) -> None:
    keys = new_keys(now())
    settings = Settings(data=tmp_path, report_keys=keys.to_json())
    assert open_report_keys(settings)().public == keys.public
    assert not settings.report_key_file.exists()
    assert keys.to_json() not in repr(settings)
    with pytest.raises(InvalidSetting, match="LENS_REPORT_KEYS") as refusal:
        report_keys(Settings(data=tmp_path, report_keys='{"keys": "secret"}'))
    assert "secret" not in str(refusal.value)


def test_a_damaged_file_stops_the_start(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    settings.report_key_file.write_text("{")
    with pytest.raises(Unable) as refusal:
        open_report_keys(settings)
    assert refusal.value.code == "invalid_report_keys"


def test_a_space_is_warned_that_its_keys_are_lost(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    open_report_keys(Settings(data=tmp_path, space=True))
    assert "LENS_REPORT_KEYS" in caplog.text


def test_a_rotation_is_audited_and_keeps_the_earlier_key(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    before = open_report_keys(settings)().public
    with open_records(settings) as records:
        rotate(settings, records.audit, revoke=False, prints=False)
        rotate(settings, records.audit, revoke=True, prints=False)
        with records.sessions() as session:
            query = select(AuditEntry).where(AuditEntry.action == "report_key_rotated")
            entries = session.scalars(query.order_by(AuditEntry.number)).all()
        records.audit.verify()
    keys = published_keys(settings).keys
    assert [key.status for key in keys] == ["current", "revoked", "retired"]
    assert keys[2].x == before.keys[0].x
    assert ['"revoked":false' in entry.details.replace(" ", "") for entry in entries] == [True, False]
    secret = parse_signing_keys(settings.report_key_file.read_text()).private.as_dict(private=True)["d"]
    assert all(str(secret) not in entry.details for entry in entries)


def test_a_revocation_is_audited(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    kid = open_report_keys(settings)().public.keys[0].kid
    with open_records(settings) as records:
        rotate(settings, records.audit, revoke=False, prints=False)
        revoke(settings, records.audit, kid, prints=False)
        with records.sessions() as session:
            query = select(AuditEntry).where(AuditEntry.action == "report_key_revoked")
            (entry,) = session.scalars(query).all()
        records.audit.verify()
    assert kid in entry.details
    assert [key.status for key in published_keys(settings).keys] == ["current", "revoked"]


def test_keys_of_the_environment_are_printed_and_not_written(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, report_keys=new_keys(now()).to_json())
    with open_records(settings) as records:
        with pytest.raises(Unable) as refusal:
            rotate(settings, records.audit, revoke=False, prints=False)
        assert refusal.value.code == "keys_in_setting"
        printed = rotate(settings, records.audit, revoke=False, prints=True)
    assert not settings.report_key_file.exists()
    assert printed.public.keys[1].x == report_keys(settings)().public.keys[0].x
