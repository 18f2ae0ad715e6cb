"""Construction of services that only commands use."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.bootstrap.commands import gold_service, label_quality_service
from webapp.bootstrap.records import open_records
from webapp.domain.errors import Unable
from webapp.services.accounts import HOST
from webapp.settings import Settings


def test_services_of_an_empty_database(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    with open_records(settings) as records:
        assert label_quality_service(records).report(HOST) is not None
        with pytest.raises(Unable, match="receipt"):
            gold_service(records, settings).mark("unknown", 1, "fake")
