"""Options and output that the commands for the keys of reports share."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.security.signing_keys import SigningKeys


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--print-secret",
        action="store_true",
        help="print the new key set, with its private key, for LENS_REPORT_KEYS instead of changing the file",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def print_keys(args: argparse.Namespace, keys: SigningKeys, sentence: str) -> None:
    """Print the new key set with its secret if `--print-secret` says so, else JSON or the sentence."""
    if args.print_secret:
        print(keys.to_json())
        return
    if args.json:
        current, *earlier = keys.public.keys
        print(json.dumps({"kid": current.kid, "earlier": [key.jwk() for key in earlier]}))
        return
    print(sentence)
