"""`push`: publish a version of the model, or a snapshot whose consents allow it, on the Hugging Face Hub."""

from __future__ import annotations

import argparse
import json

from webapp.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "push", help="publish a version of the model, or a snapshot", description=__doc__
    )
    published = parser.add_mutually_exclusive_group(required=True)
    published.add_argument("--model", metavar="VERSION", help="a present or former champion")
    published.add_argument("--dataset", metavar="SNAPSHOT", help="a snapshot")
    parser.add_argument(
        "repository",
        metavar="OWNER/NAME",
        help="created if it does not exist; sign in with huggingface_hub first",
    )
    parser.add_argument("--public", action="store_true", help="make a new repository public")
    parser.add_argument("--endpoint", metavar="URL", help="another Hub")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_learning
    from webapp.bootstrap.commands import publishing_service

    with open_learning(settings) as learning:
        service = publishing_service(learning, args.endpoint)
        push = service.push_model if args.model else service.push_dataset
        revision = push(args.model or args.dataset, args.repository, public=args.public)
    print(json.dumps(revision.to_json()) if args.json else f"{revision.name} (commit {revision.commit})")
    return 0
