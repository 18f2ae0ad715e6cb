"""Keys that sign reports, from the settings."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from webapp.bootstrap.records import Records
from webapp.db.audit_chain import Event
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor
from webapp.domain.errors import Unable
from webapp.security.key_file import KeyFile, KeySource
from webapp.security.signing_keys import InvalidKeys, PublicKeys, SigningKeys, UnknownKey
from webapp.services.audit.log import AuditService
from webapp.settings import InvalidSetting, Settings

if TYPE_CHECKING:
    from webapp.services.results.verification import VerificationService

logger = logging.getLogger(__name__)


def report_keys(settings: Settings) -> KeySource:
    """Return the keys of this host without making any. Raises InvalidSetting (LENS_REPORT_KEYS)."""
    try:
        return KeySource(KeyFile(settings.report_key_file), settings.report_keys)
    except InvalidKeys as error:
        # The value is a secret and no part of the message.
        raise InvalidSetting(f"LENS_REPORT_KEYS is no key set: {error}") from error


def open_report_keys(settings: Settings) -> KeySource:
    """Return the keys of this host; make them at its first start.

    Raises InvalidSetting (LENS_REPORT_KEYS) and Unable (invalid_report_keys).
    """
    keys = report_keys(settings)
    try:
        keys.open()
    except InvalidKeys as error:
        raise _invalid_file(settings, error) from error
    if settings.space and not settings.report_keys:
        logger.warning(
            "the keys of reports are lost with this Space's disk, and no earlier report will verify; "
            "set the secret LENS_REPORT_KEYS"
        )
    return keys


def published_keys(settings: Settings) -> PublicKeys:
    """Return the public keys of this host, for a command. Raises InvalidSetting and Unable."""
    try:
        return report_keys(settings)().public
    except FileNotFoundError as error:
        raise Unable(
            "no_report_keys", f"there is no {settings.report_key_file}; name a file of public keys with --key"
        ) from error
    except InvalidKeys as error:
        raise _invalid_file(settings, error) from error


def rotate(settings: Settings, audit: AuditService, *, revoke: bool, prints: bool) -> SigningKeys:
    """Replace the key that signs, and record it in the audit log.

    With `prints` the file stays as it is: the operator stores the returned keys in LENS_REPORT_KEYS. Raises
    InvalidSetting, Unable (keys_in_setting, invalid_report_keys), OSError and database errors.
    """
    keys = _changed(settings, lambda keys: keys.rotated(now(), revoke=revoke), prints=prints)
    current, earlier, *_ = keys.public.keys
    details = {"kid": current.kid, "earlier": earlier.kid, "revoked": revoke}
    audit.record(Event(Actor.SYSTEM, Action.REPORT_KEY_ROTATED, details=details))
    return keys


def revoke(settings: Settings, audit: AuditService, kid: str, *, prints: bool) -> SigningKeys:
    """Revoke a key by its id, replace it if it is the one that signs, and record it in the audit log.

    Raises as `rotate` does, and Unable (unknown_key).
    """
    try:
        keys = _changed(settings, lambda keys: keys.revoked(kid, now()), prints=prints)
    except UnknownKey as error:
        raise Unable(
            "unknown_key", f"this host has no key {kid!r}; verify-report names a report's key"
        ) from error
    details = {"kid": kid, "current": keys.public.keys[0].kid}
    audit.record(Event(Actor.SYSTEM, Action.REPORT_KEY_REVOKED, details=details))
    return keys


def _changed(
    settings: Settings, change: Callable[[SigningKeys], SigningKeys], *, prints: bool
) -> SigningKeys:
    """Return the keys after a change, which is written to the file unless the operator wants it printed."""
    if settings.report_keys and not prints:
        raise Unable(
            "keys_in_setting",
            "LENS_REPORT_KEYS has the keys; add --print-secret and store what it prints in that variable",
        )
    file = KeyFile(settings.report_key_file)
    try:
        if prints:
            return change(open_report_keys(settings)())
        file.load_or_create()
        return file.change(change)
    except InvalidKeys as error:
        raise _invalid_file(settings, error) from error


def verification_service(
    records: Records, settings: Settings, keys: Callable[[], PublicKeys]
) -> VerificationService:
    """Return the service that answers anyone who has a report."""
    from webapp.services.results.verification import VerificationService

    undo_period = timedelta(minutes=settings.decision_delay)
    return VerificationService(records.sessions, keys, undo_period=undo_period)


def _invalid_file(settings: Settings, error: InvalidKeys) -> Unable:
    return Unable(
        "invalid_report_keys",
        f"{settings.report_key_file} cannot be used: {error}; restore it from a copy, "
        "or move it away to begin with a new key",
    )
