from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from laanet_core.inference.detector import Detector
from tests.conftest import ROOT
from webapp.bootstrap.learning import learning_admin, learning_tasks, open_learning
from webapp.bootstrap.records import open_records
from webapp.domain.errors import Refused
from webapp.services.model_registry.serving import ChampionFollower, CurrentDetector
from webapp.settings import Settings


@pytest.mark.parametrize(("zero_gpu", "count"), [(False, 3), (True, 2)])
def test_a_zero_gpu_space_never_changes_its_champion(
    tmp_path: Path, detector: Detector, zero_gpu: bool, count: int
) -> None:
    settings = Settings().model_copy(update={"data": tmp_path, "zero_gpu": zero_gpu})
    with open_learning(settings, open_records(settings)) as learning:
        follower = ChampionFollower(CurrentDetector(detector), learning.versions.champion, lambda _: detector)
        assert len(learning_tasks(learning, follower, settings)) == count
        admin = learning_admin(learning, settings, lambda: "1")
        with pytest.raises(Refused) as error:
            admin.overview(None)
        assert error.value.code == "not_signed_in"
        assert learning.gate is learning.gate


def test_lists_do_not_import_torch(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from webapp.settings import Settings;"
        "from webapp.bootstrap.learning import open_learning; "
        "from webapp.bootstrap.records import open_records;"
        f"settings = Settings().model_copy(update={{'data': Path({str(tmp_path)!r})}});"
        "learning = open_learning(settings, open_records(settings));"
        "learning.finetuning.summaries(); learning.snapshots.summaries(); learning.versions.summaries();"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=120)
