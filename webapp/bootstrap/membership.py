"""Construction of the sign-in with Hugging Face, on Spaces with LENS_HF_ORGANISATION."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from webapp.bootstrap.records import Records
from webapp.domain.enums import Role
from webapp.settings import InvalidSetting, Settings

if TYPE_CHECKING:
    from webapp.ui.auth.hugging_face import HuggingFaceSignIn

logger = logging.getLogger(__name__)


def hugging_face_sign_in(records: Records, settings: Settings) -> HuggingFaceSignIn | None:
    """Return the sign-in with Hugging Face; None if it is not set up by LENS_HF_ORGANISATION and the host.

    If the host is no Space, or its card does not offer the sign-in, a warning is logged. Local accounts work
    in any case. Raises InvalidSetting if a package is missing.
    """
    if not settings.hf_organisation:
        return None
    oauth = settings.oauth
    if oauth is None:
        logger.warning(
            "LENS_HF_ORGANISATION does nothing here: "
            "only a Space with hf_oauth in its card lets people sign in with Hugging Face"
        )
        return None
    if "read-memberships" not in oauth.scopes:
        logger.warning(
            "LENS_HF_ORGANISATION does nothing here: "
            "hf_oauth_scopes in the Space's card lacks read-memberships"
        )
        return None
    try:
        from webapp.services.accounts.openid_client import OpenIDClient
    except ImportError as error:
        raise InvalidSetting(
            "LENS_HF_ORGANISATION needs packages that are not installed: authlib, httpx2"
        ) from error
    from webapp.services.accounts.federated_sign_in import FederatedSignInService
    from webapp.services.accounts.membership_policy import MembershipPolicy
    from webapp.ui.auth.hugging_face import CALLBACK, HuggingFaceSignIn

    # Role of members whose role Hugging Face does not disclose; None refuses them.
    roleless = Role.MODERATOR if settings.hf_roleless == "moderator" else None
    policy = MembershipPolicy(settings.hf_organisation, roleless)
    provider = OpenIDClient(oauth, oauth.url + CALLBACK, organisation_id=policy.organisation_id)
    return HuggingFaceSignIn(provider, FederatedSignInService(records.audit, policy), oauth.url)
