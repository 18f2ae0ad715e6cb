"""Sign-in with Hugging Face, as the bootstrap builds it."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT


def test_sign_in_with_hugging_face_is_not_imported_outside_spaces() -> None:
    code = """
import sys
from webapp.bootstrap import cases, membership
from webapp.settings import from_environment
from webapp.ui import desk
settings = from_environment({
    "LENS_HF_ORGANISATION": "lens",
    "OPENID_PROVIDER_URL": "https://huggingface.co",
    "OAUTH_CLIENT_ID": "a",
    "OAUTH_CLIENT_SECRET": "b",
    "OAUTH_SCOPES": "openid profile read-memberships",
    "SPACE_HOST": "owner-lens.hf.space",
})
print(membership.hugging_face_sign_in(None, settings))
lazy = ("authlib", "webapp.services.accounts.federated", "webapp.services.accounts.openid")
print([name for name in sys.modules if name.startswith(lazy)])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["None", "[]"]
    assert "LENS_HF_ORGANISATION does nothing here" in done.stderr
