"""Accounts with a role, and the sessions of signed-in people."""

from webapp.services.accounts.principal import HOST, Person, require
from webapp.services.accounts.service import AccountService
from webapp.services.accounts.sessions import SignInService

__all__ = ["HOST", "AccountService", "Person", "SignInService", "require"]
