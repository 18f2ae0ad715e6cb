"""Unknown variables, and those that Kubernetes sets."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT
from webapp.settings import InvalidSetting, Settings, from_environment


@pytest.mark.parametrize(
    ("unknown", "nearest"),
    [
        ("LENS_WEIGHT", "LENS_WEIGHTS"),
        ("LENS_BACKUP", "LENS_BACKUPS"),
        ("LENS_MAX_UPLOAD", "LENS_MAX_UPLOAD_MB"),
        ("LENS_SPACE", "LENS_CACHE"),
    ],
)
def test_unknown_variable_is_refused_with_nearest_name(unknown: str, nearest: str) -> None:
    with pytest.raises(InvalidSetting, match=rf"^{unknown} is no setting; did you mean {nearest}\?$"):
        from_environment({unknown: "x"})


def test_kubernetes_service_links_are_not_settings() -> None:
    links = {
        "LENS_SERVICE_HOST": "10.0.0.1",
        "LENS_SERVICE_PORT": "80",
        "LENS_SERVICE_PORT_HTTP": "80",
        "LENS_PORT_80_TCP": "tcp://10.0.0.1:80",
        "LENS_PORT_80_TCP_ADDR": "10.0.0.1",
        "LENS_DB_PORT": "tcp://10.0.0.2:5432",
    }
    assert from_environment(links) == Settings()


def test_importing_settings_loads_no_heavy_library() -> None:
    heavy = ("torch", "gradio", "cv2", "sqlalchemy")
    code = f"import sys, webapp.settings; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
