"""OpenVINO runtime: agreement with eager, the cache of converted graphs, and refusals."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from laanet_core.inference.detector import Detector
from laanet_core.modeling.laanet import LAANet
from laanet_core.results import RuntimeInfo
from laanet_core.runtimes.base import RuntimeUnavailable
from laanet_core.runtimes.eager import EagerRuntime
from laanet_core.runtimes.openvino import OpenVINORuntime, import_openvino
from tests.conftest import ROOT
from tests.core.conftest import TINY
from tests.core.runtimes.conftest import random_images, tiny_network


def test_outputs_agree_with_eager_for_any_number_of_images() -> None:
    model = tiny_network()
    runtime = OpenVINORuntime(model)
    assert runtime.info == RuntimeInfo("openvino", "float32", "cpu")
    for count in (1, 2, 5):
        images = random_images(count, seed=count)
        ours, theirs = runtime(images), EagerRuntime(model)(images)
        assert ours.embeddings is None
        assert ours.fake_logit.shape == (count,)
        assert (ours.fake_logit - theirs.fake_logit).abs().max() < 1e-4
        assert (ours.heatmap_logits - theirs.heatmap_logits).abs().max() < 1e-4
    images = random_images(2)
    channels_last = images.contiguous(memory_format=torch.channels_last)
    assert torch.equal(runtime(channels_last).fake_logit, runtime(images).fake_logit)


def test_converted_graph_is_cached_and_a_truncated_one_converted_again(tmp_path: Path) -> None:
    cache_file = tmp_path / "new" / "folder" / "key"
    first = OpenVINORuntime(tiny_network(), cache_file=cache_file)
    assert not first.from_cache
    assert sorted(path.suffix for path in cache_file.parent.iterdir()) == [".bin", ".xml"]

    second = OpenVINORuntime(tiny_network(), cache_file=cache_file)
    assert second.from_cache
    assert torch.equal(first(random_images(2)).fake_logit, second(random_images(2)).fake_logit)
    assert not OpenVINORuntime(tiny_network(), cache_file=cache_file, refresh_cache=True).from_cache

    (xml,) = cache_file.parent.glob("*.xml")
    xml.write_text(xml.read_text()[:500])
    assert not OpenVINORuntime(tiny_network(), cache_file=cache_file).from_cache
    assert OpenVINORuntime(tiny_network(), cache_file=cache_file).from_cache


def test_an_unwritable_cache_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not OpenVINORuntime(tiny_network(), cache_file=tmp_path / "file" / "key").from_cache


def test_bfloat16_moves_no_face_by_a_hundredth(detector: Detector, samples: Path) -> None:
    """The fine layers stay in float32; entirely in bfloat16, validation faces move by up to 0.06."""
    if "BF16" not in import_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor has no bfloat16")
    short = Detector.from_weights("starter", runtime="openvino", precision="bfloat16")
    assert short.runtime == RuntimeInfo("openvino", "bfloat16", "cpu")
    examples = ROOT / "webapp" / "examples"
    for path in [*samples.glob("*.jpg"), samples / "astronaut.png", *examples.glob("*.jpg")]:
        pairs = zip(detector.analyse_file(path).faces, short.analyse_file(path).faces, strict=True)
        changes = [
            abs(ours.fake_prob - theirs.fake_prob)
            for ours, theirs in pairs
            if ours.fake_prob is not None and theirs.fake_prob is not None
        ]
        assert all(change <= 0.01 for change in changes), (path, changes)


def test_devices_other_than_the_cpu_are_refused() -> None:
    with pytest.raises(RuntimeUnavailable, match="OpenVINO runs on CPUs"):
        OpenVINORuntime(LAANet(TINY).to("meta"))


def test_a_missing_package_makes_the_runtime_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(RuntimeUnavailable, match="not installed"):
        import_openvino()


def test_openvino_sends_no_telemetry(tmp_path: Path) -> None:
    code = (
        "import sys; from laanet_core.runtimes.openvino import import_openvino; import_openvino().Core();"
        "print([name for name in sys.modules if name.startswith('openvino_telemetry')])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout.strip() == "[]"
    # The telemetry package would keep an id of this machine there.
    assert list(tmp_path.iterdir()) == []
