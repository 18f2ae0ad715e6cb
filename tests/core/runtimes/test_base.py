"""Names of runtimes and precisions."""

from __future__ import annotations

import subprocess
import sys

from laanet_core.runtimes.base import INFERENCE_PRECISIONS, RUNTIME_CHOICES
from tests.conftest import ROOT


def test_choices_are_auto_and_every_runtime() -> None:
    assert RUNTIME_CHOICES == ("auto", "eager", "openvino", "cuda")
    assert INFERENCE_PRECISIONS == ("float32", "bfloat16", "float16")


def test_importing_the_names_imports_no_torch() -> None:
    code = "import sys, laanet_core.runtimes.base; print('torch' in sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "False"
