"""Command-line arguments that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laanet_core.data.dataset import DatasetFiles

WEIGHTS_HELP = "starter, a folder, or hf://owner/repo@revision (default: %(default)s)"
DEVICE_HELP = "auto, cpu, cuda or mps (default: %(default)s)"


def positive(text: str) -> int:
    """Parse an integer of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def add_data_arguments(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Add --manifest, --landmarks and --packs, which name a data set."""
    parser.add_argument(
        "--manifest",
        type=Path,
        required=required,
        help="CSV with the columns pack, path, label, person, split, original",
    )
    parser.add_argument(
        "--landmarks",
        type=Path,
        help="npz with landmarks (N, 68, 2) in the manifest's order "
        "(default: landmarks.npz beside the manifest)",
    )
    parser.add_argument(
        "--packs",
        type=Path,
        help="folder of the packs, each a folder or a .tar file (default: the manifest's folder)",
    )


def data_files(args: argparse.Namespace) -> DatasetFiles:
    """Return the data set that the arguments of `add_data_arguments` name."""
    from laanet_core.data.dataset import DatasetFiles

    return DatasetFiles(manifest=args.manifest, landmarks=args.landmarks, packs=args.packs)
