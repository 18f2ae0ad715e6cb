from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from laanet_core.decision import DecisionConfig
from laanet_core.errors import InvalidConfig
from laanet_core.inference.detector import Detector
from laanet_core.inference.scoring import score_crops
from laanet_core.modeling.laanet import LAANet
from laanet_core.results import RuntimeInfo
from laanet_core.runtimes import selection as choice
from laanet_core.runtimes.base import RuntimeUnavailable
from laanet_core.runtimes.eager import Eager
from laanet_core.runtimes.openvino import OpenVINO, load
from laanet_core.runtimes.selection import disagreement, open_runtime, tolerance
from tests.conftest import ROOT
from tests.core.conftest import TINY


def tiny(seed: int = 0) -> LAANet:
    torch.manual_seed(seed)
    return LAANet(TINY).eval()


def images(count: int) -> torch.Tensor:
    return torch.rand(count, 3, 64, 64, generator=torch.Generator().manual_seed(count)) * 2 - 1


def test_openvino_says_what_eager_says_for_any_number_of_images() -> None:
    model = tiny()
    runtime = OpenVINO(model)
    assert runtime.info == RuntimeInfo("openvino", "float32", "cpu")
    for count in (1, 2, 5):
        ours, theirs = runtime(images(count)), Eager(model)(images(count))
        assert ours.embeddings is None
        assert ours.fake_logit.shape == (count,)
        assert (ours.fake_logit - theirs.fake_logit).abs().max() < 1e-4
        assert (ours.heatmap_logits - theirs.heatmap_logits).abs().max() < 1e-4
    channels_last = images(2).contiguous(memory_format=torch.channels_last)
    assert torch.equal(runtime(channels_last).fake_logit, runtime(images(2)).fake_logit)


def test_the_bundled_weights_are_judged_alike(detector: Detector) -> None:
    assert detector.runtime == RuntimeInfo("openvino", "float32", "cpu")
    size = detector.config.input_size
    crops = list(np.random.default_rng(1).integers(0, 256, (3, size, size, 3), dtype=np.uint8))
    ours, theirs = detector.score_crops(crops), score_crops(Eager(LAANet.from_pretrained("starter")), crops)
    assert np.abs(ours.fake_logit - theirs.fake_logit).max() < 1e-4
    assert np.abs(ours.heatmap - theirs.heatmap).max() < 1e-4


def test_auto_takes_eager_and_says_why_where_another_is_missing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert open_runtime(tiny()).info.name == "eager"
    assert "OpenVINO is not installed here" in caplog.text
    with pytest.raises(RuntimeUnavailable, match="not installed"):
        open_runtime(tiny(), "openvino")


def test_a_runtime_that_disagrees_is_not_used(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = OpenVINO(tiny(1))
    monkeypatch.setattr(choice, "_built", lambda *_, **__: other)
    assert disagreement(other, Eager(tiny())) > 1e-3
    assert open_runtime(tiny()).info.name == "eager"
    assert "differs from eager by" in caplog.text
    with pytest.raises(RuntimeUnavailable, match="differs"):
        open_runtime(tiny(), "openvino")


def test_a_network_that_answers_nonsense_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tiny()
    with torch.no_grad():
        broken.classification_head.linear.bias.fill_(torch.nan)
    nonsense = Eager(broken)
    monkeypatch.setattr(choice, "_built", lambda *_, **__: nonsense)
    with pytest.raises(RuntimeUnavailable, match="nan"):
        open_runtime(tiny(), "openvino")


def test_what_was_compiled_is_used_again_and_a_spoiled_copy_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    asked = {"cache": tmp_path / "new" / "folder", "weights_sha256": "ab" * 32}
    first = open_runtime(tiny(), **asked)  # type: ignore[arg-type]
    files = sorted(path.suffix for path in (tmp_path / "new" / "folder").iterdir())
    assert files == [".bin", ".xml"]
    made: list[LAANet] = []
    convert = sys.modules["laanet_core.runtimes.openvino"]._converted
    monkeypatch.setattr(
        "laanet_core.runtimes.openvino._converted", lambda model: made.append(model) or convert(model)
    )
    again = open_runtime(tiny(), **asked)  # type: ignore[arg-type]
    assert not made
    assert torch.equal(first(images(2)).fake_logit, again(images(2)).fake_logit)
    assert (
        open_runtime(tiny(1), cache=tmp_path / "new" / "folder", weights_sha256="ab" * 32).info.name
        == "openvino"
    )  # a lying key
    assert len(made) == 1
    (xml,) = (tmp_path / "new" / "folder").glob("*.xml")
    xml.write_text(xml.read_text()[:500])
    assert open_runtime(tiny(1), **asked).info.name == "openvino"  # type: ignore[arg-type]
    assert len(made) == 2
    assert disagreement(open_runtime(tiny(1), **asked), Eager(tiny(1))) < 1e-4  # type: ignore[arg-type]
    assert len(made) == 2
    (tmp_path / "file").touch()
    assert (
        open_runtime(tiny(), cache=tmp_path / "file" / "no", weights_sha256="cd" * 32).info.name == "openvino"
    )
    assert "from eager on the logit" in caplog.text


def test_short_precisions_may_move_a_probability_by_a_hundredth() -> None:
    assert tolerance("float32", 3.0) == 1e-4
    model = tiny()
    model.decision = DecisionConfig(temperature=2.0)
    allowed = tolerance("bfloat16", model.decision.temperature)
    assert 1 / (1 + np.exp(-allowed / 2)) - 0.5 <= 0.01
    with pytest.raises(RuntimeUnavailable, match="float32, not in bfloat16"):
        open_runtime(model, "eager", "bfloat16")


def test_bfloat16_moves_no_face_by_a_hundredth(detector: Detector, samples: Path) -> None:
    """The fine layers stay in float32; in bfloat16 all through, validation faces move by up to 0.06."""
    if "BF16" not in load().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor has no bfloat16")
    short = Detector.from_weights("starter", runtime="openvino", precision="bfloat16")
    assert short.runtime == RuntimeInfo("openvino", "bfloat16", "cpu")
    for path in [
        *samples.glob("*.jpg"),
        samples / "astronaut.png",
        *(ROOT / "webapp" / "examples").glob("*.jpg"),
    ]:
        pairs = zip(detector.analyse_file(path).faces, short.analyse_file(path).faces, strict=True)
        moved = [
            abs(ours.fake_prob - theirs.fake_prob)
            for ours, theirs in pairs
            if ours.fake_prob is not None and theirs.fake_prob is not None
        ]
        assert all(0 <= one <= 0.01 for one in moved), (path, moved)


def test_names_and_devices_that_cannot_be_are_refused() -> None:
    with pytest.raises(InvalidConfig, match="tensorrt"):
        open_runtime(tiny(), "tensorrt")  # type: ignore[arg-type]
    with pytest.raises(InvalidConfig, match="int4"):
        open_runtime(tiny(), "auto", "int4")  # type: ignore[arg-type]
    with pytest.raises(RuntimeUnavailable, match="CUDA device"):
        open_runtime(tiny(), "cuda")
    with pytest.raises(RuntimeUnavailable, match="OpenVINO runs on CPUs"):
        OpenVINO(LAANet(TINY).to("meta"))


def test_openvino_reports_nothing_home(tmp_path: Path) -> None:
    code = (
        "import sys; from laanet_core.runtimes.openvino import load; load().Core();"
        "print([name for name in sys.modules if name.startswith('openvino_telemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
    assert list(tmp_path.iterdir()) == []  # where it would keep its number for this machine
