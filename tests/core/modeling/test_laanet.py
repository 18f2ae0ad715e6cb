from __future__ import annotations

import dataclasses
import json

import pytest
import torch

from laanet_core.decision import DecisionConfig
from laanet_core.errors import InvalidConfig
from laanet_core.modeling.config import LAANET_B4, LAANET_LITE, ModelConfig, named_config
from laanet_core.modeling.feature_pyramid import gate
from laanet_core.modeling.laanet import LAANet
from tests.core.conftest import TINY


@pytest.mark.parametrize(
    "backbone",
    [
        "tf_efficientnet_lite0",
        "tf_efficientnet_b0",
        "resnet18",
        "mobilenetv3_small_050",
        "convnext_atto",
        "swin_tiny_patch4_window7_224",
    ],
)
def test_every_backbone_with_the_strides_is_accepted(backbone: str) -> None:
    if backbone.startswith("swin"):
        config = dataclasses.replace(TINY, backbone=backbone, input_size=224)
    else:
        config = dataclasses.replace(TINY, backbone=backbone)
    size = config.input_size
    output = LAANet(config).eval()(torch.zeros(2, 3, size, size), consistency=True)
    assert output.fake_logit.shape == (2,)
    assert output.heatmap_logits.shape == (2, 1, size // 4, size // 4)
    assert output.embeddings is not None
    assert output.embeddings.shape == (2, config.embedding_width, size // 4, size // 4)


def test_named_configurations_accept_their_input_size() -> None:
    for config in (LAANET_LITE, LAANET_B4):
        assert named_config(config.name) == config
        with torch.inference_mode():
            output = LAANet(config).eval()(torch.zeros(1, 3, config.input_size, config.input_size))
        assert output.heatmap_logits.shape[-1] == config.heatmap_size == config.input_size // 4
        assert output.embeddings is None
    with pytest.raises(InvalidConfig, match="laanet-lite"):
        named_config("laanet-xl")


def test_network_of_the_paper_has_its_number_of_parameters() -> None:
    assert sum(parameter.numel() for parameter in LAANet(LAANET_B4).parameters()) == 27_128_786


def test_consistency_head_runs_only_on_request() -> None:
    model = LAANet(TINY).eval()
    calls: list[int] = []
    model.consistency_head.register_forward_hook(lambda *_: calls.append(1))
    images = torch.randn(1, 3, 64, 64)
    plain = model(images)
    assert calls == []
    assert plain.embeddings is None
    full = model(images, consistency=True)
    assert calls == [1]
    assert torch.equal(plain.fake_logit, full.fake_logit)
    assert torch.equal(plain.heatmap_logits, full.heatmap_logits)


def test_gate_passes_lateral_features_where_the_decoder_has_none() -> None:
    decoded, lateral = torch.tensor([[[[-100.0, 0.0, 100.0]]]]), torch.full((1, 1, 1, 3), 2.0)
    assert gate(decoded, lateral)[0, :, 0].tolist() == [[-100, 0, 100], [2, 1, 0]]


def test_every_parameter_has_a_gradient() -> None:
    model = LAANet(dataclasses.replace(TINY, backbone="tf_efficientnet_lite0")).train()
    output = model(torch.randn(2, 3, 64, 64), consistency=True)
    assert output.embeddings is not None
    (output.fake_logit.sum() + output.heatmap_logits.sum() + output.embeddings.sum()).backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 3, 32, 64), (1, 1, 64, 64), (1, 3, 96, 96)])
def test_images_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(N, 3, 64, 64\)"):
        LAANet(TINY).eval()(torch.zeros(shape))


def test_unsuitable_backbones_are_refused_by_name() -> None:
    for name, complaint in {
        "no_such_network": "timm knows no",
        "vit_tiny_patch16_224": "vit_tiny_patch16_224",
    }.items():
        with pytest.raises(InvalidConfig, match=complaint):
            LAANet(dataclasses.replace(TINY, backbone=name, input_size=224))
    with pytest.raises(InvalidConfig, match="released"):
        LAANet(dataclasses.replace(TINY, backbone="resnet18", stage3_padding="released"))


def test_configurations_round_trip_through_json_and_refuse_invalid_values() -> None:
    for config in (LAANET_B4, LAANET_LITE, TINY):
        assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    with pytest.raises(InvalidConfig, match="colour"):
        ModelConfig.from_dict({"colour": "red"})
    for changes in ({"input_size": 100}, {"fusion_width": 6}, {"stage3_padding": "other"}):
        with pytest.raises(InvalidConfig, match=next(iter(changes))):
            dataclasses.replace(TINY, **changes)  # type: ignore[arg-type]
    for decision in ({"temperature": 0.0}, {"real_below": 0.8}, {"fake_above": 1.2}, {"min_face_size": 0}):
        with pytest.raises(InvalidConfig):
            DecisionConfig(**decision)  # type: ignore[arg-type]
