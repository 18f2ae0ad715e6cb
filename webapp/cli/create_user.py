"""`create-user`: create, reset, disable or enable the account of a moderator or admin; prints a link."""

from __future__ import annotations

import argparse
import json

from webapp.settings import Settings

ROLES = ("moderator", "admin")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("create-user", help="make an account, or change one", description=__doc__)
    parser.add_argument(
        "name", metavar="NAME", help="1 to 64 characters, no spaces; capitals make no difference"
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument(
        "--role", choices=ROLES, default="moderator", help="role of the new account (default: %(default)s)"
    )
    action.add_argument(
        "--reset",
        action="store_true",
        help="print a new link for an existing account whose password is lost",
    )
    action.add_argument(
        "--disable", action="store_true", help="the account may no longer sign in; its labels stay"
    )
    action.add_argument("--enable", action="store_true", help="the account may sign in again")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--link-only", action="store_true", help="print the link and nothing else")
    output.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import accounts, open_records
    from webapp.domain.enums import Role
    from webapp.services.accounts import HOST
    from webapp.services.operations import backups

    token = None
    # The first account may be created before the server has started and made the database.
    is_new_database = not backups.exists(settings.database)
    with open_records(settings, upgrade=is_new_database) as records:
        service = accounts(records)
        if args.disable or args.enable:
            service.set_disabled(HOST, args.name, args.disable)
        elif args.reset:
            token = service.reset(HOST, args.name)
        else:
            token = service.invite(HOST, args.name, Role(args.role))
    link = None if token is None else f"{settings.url}/link#{token}"
    if args.json:
        print(json.dumps({"name": args.name, "link": link}))
    elif args.link_only:
        print(link or "")
    else:
        print(_sentence(args, link))
    return 0


def _sentence(args: argparse.Namespace, link: str | None) -> str:
    """Return the outcome as a sentence. The periods of validity are those of the account service."""
    if link is None:
        return f"{args.name} may {'no longer' if args.disable else 'again'} sign in"
    validity = "24 hours" if args.reset else "7 days"
    return f"Hand this link to {args.name}; it works once, within {validity}:\n{link}"
