"""Command `autoencoder`: fit the face autoencoder that draws reconstructed faces."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

_DESCRIPTION = (
    "Fit the face autoencoder to the real faces of the train split. "
    "With material.reconstructed, `train` blends faces that it has drawn."
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "autoencoder", help="fit the autoencoder of reconstructed faces", description=_DESCRIPTION
    )
    parser.add_argument("output", type=Path, metavar="FILE", help="receives the weights, as safetensors")
    parser.add_argument(
        "--manifest",
        type=Path,
        action="append",
        required=True,
        help="manifest of a data set, with landmarks and packs beside it; may be repeated",
    )
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace) -> int:
    from laanet_core.data.dataset import DatasetFiles, load_dataset
    from laanet_core.data.face_autoencoder import aligned_faces, fit_autoencoder

    datasets = [load_dataset(DatasetFiles(manifest), "train") for manifest in args.manifest]
    faces = aligned_faces(datasets)
    fit_autoencoder(faces, args.seed).save(args.output)
    outcome = {"faces": len(faces), "weights": str(args.output)}
    text = f"fitted to {len(faces)} faces; weights in {args.output}"
    print(json.dumps(outcome) if args.json else text)
    return 0
