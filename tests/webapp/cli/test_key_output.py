"""Tests of the output that the commands for the keys of reports share."""

from __future__ import annotations

import argparse
import json

import pytest

from tests.webapp.services.reports.signed import KEYS
from webapp.cli import key_output


def printed(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    parser = argparse.ArgumentParser()
    key_output.add_options(parser)
    key_output.print_keys(parser.parse_args(options), KEYS, "the sentence")
    return capsys.readouterr().out


def test_only_print_secret_prints_the_private_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys) == "the sentence\n"
    outcome = json.loads(printed(capsys, "--json"))
    assert outcome == {"kid": KEYS.public.keys[0].kid, "earlier": []}
    assert printed(capsys, "--print-secret", "--json") == KEYS.to_json() + "\n"
    assert '"d"' in printed(capsys, "--print-secret")
