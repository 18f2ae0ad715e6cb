"""Command `convert`: convert an official LAA-Net checkpoint to a folder of weights."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

_DESCRIPTION = "Convert an official LAA-Net checkpoint to a folder of weights."


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("convert", help="convert an official checkpoint", description=_DESCRIPTION)
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT.pth")
    parser.add_argument(
        "folder", type=Path, metavar="OUT_DIR", help="receives config.json and model.safetensors"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace) -> int:
    from laanet_core.modeling.official_checkpoint import NOTICE, convert

    info = convert(args.checkpoint, args.folder)
    if args.json:
        print(json.dumps({"folder": str(args.folder), "model": dataclasses.asdict(info), "notice": NOTICE}))
    else:
        print(f"{info.name} written to {args.folder} (sha256 {info.sha256})\n{NOTICE}")
    return 0
