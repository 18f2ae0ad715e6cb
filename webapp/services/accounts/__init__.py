"""People with a role: their accounts, and who is signed in."""

from webapp.services.accounts.principal import HOST, Person, require
from webapp.services.accounts.service import AccountService
from webapp.services.accounts.sessions import SignInService

__all__ = ["HOST", "AccountService", "Person", "SignInService", "require"]
