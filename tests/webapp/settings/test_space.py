"""Variables of a Space: defaults and the OpenID Connect client."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.settings import ROOT, InvalidSetting, Settings, from_environment


def test_space_listens_on_all_addresses_and_writes_to_temporary_folder(tmp_path: Path) -> None:
    space = from_environment(
        {
            "SPACE_ID": "owner/lens",
            "GRADIO_SERVER_PORT": "7861",
            "SPACES_ZERO_GPU": "true",
            "LENS_BACKUPS": str(tmp_path),
        }
    )
    assert (space.host, space.port, space.log, space.restore, space.backup_hours) == (
        "0.0.0.0",
        7861,
        "json",
        "latest",
        0.25,
    )
    assert (space.space, space.zero_gpu, space.at_once) == (True, True, 1)
    assert not any(path.is_relative_to(ROOT) for path in (space.data, space.cache))
    assert from_environment({"SPACE_ID": "owner/lens"}).restore == ""
    assert (
        from_environment({"SPACE_ID": "owner/lens", "LENS_DATA": str(tmp_path), "LENS_PORT": "9000"}).port
        == 9000
    )


OAUTH = {
    "SPACE_ID": "owner/lens",
    "SPACE_HOST": "owner-lens.hf.space, lens.example",
    "OPENID_PROVIDER_URL": "https://huggingface.co/",
    "OAUTH_CLIENT_ID": "client",
    "OAUTH_CLIENT_SECRET": "secret-of-the-space",
    "OAUTH_SCOPES": "openid profile read-memberships",
}


def test_space_provides_oauth_client() -> None:
    oauth = from_environment(OAUTH).oauth
    assert oauth is not None
    assert (oauth.provider, oauth.url, oauth.client_id) == (
        "https://huggingface.co",
        "https://owner-lens.hf.space",
        "client",
    )
    assert oauth.scopes == ("openid", "profile", "read-memberships")
    assert "secret-of-the-space" not in repr(from_environment(OAUTH))
    for missing in OAUTH:
        assert (
            from_environment({name: value for name, value in OAUTH.items() if name != missing}).oauth is None
        )
    settings = from_environment({"LENS_HF_ORGANISATION": "Lens.Mods-1", "LENS_HF_ROLELESS": "moderator"})
    assert (settings.hf_organisation, settings.hf_roleless, Settings().hf_roleless) == (
        "Lens.Mods-1",
        "moderator",
        "refuse",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENID_PROVIDER_URL", "http://huggingface.co"),
        ("OPENID_PROVIDER_URL", "http://127.0.0.1:80.evil.example"),
        ("OPENID_PROVIDER_URL", "https://user@huggingface.co"),
        ("SPACE_HOST", "https://owner-lens.hf.space"),
        ("SPACE_HOST", "owner-lens.hf.space/x"),
    ],
)
def test_invalid_oauth_variables_are_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=name):
        from_environment({**OAUTH, name: value})
