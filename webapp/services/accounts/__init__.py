"""People with a role: their accounts, and who is signed in."""

from webapp.services.accounts.accounts import AccountService
from webapp.services.accounts.person import HOST, Person, require
from webapp.services.accounts.signing_in import SignInService

__all__ = ["HOST", "AccountService", "Person", "SignInService", "require"]
