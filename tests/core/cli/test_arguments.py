from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from laanet_core.cli.arguments import add_data_arguments, data_files, positive
from laanet_core.data.dataset import DatasetFiles


def test_positive_integers_only() -> None:
    assert positive("3") == 3
    for wrong in ("0", "-1"):
        with pytest.raises(argparse.ArgumentTypeError):
            positive(wrong)


def test_data_arguments_name_a_data_set() -> None:
    parser = argparse.ArgumentParser()
    add_data_arguments(parser)
    args = parser.parse_args(["--manifest", "m.csv", "--packs", "packs"])
    assert data_files(args) == DatasetFiles(Path("m.csv"), None, Path("packs"))
