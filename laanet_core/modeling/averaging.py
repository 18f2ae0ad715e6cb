"""Mean of the weights of two networks (model soup)."""

from __future__ import annotations

from laanet_core.errors import InvalidWeights
from laanet_core.modeling.laanet import LAANet


def average_networks(first: LAANet, second: LAANet, share: float = 0.5) -> LAANet:
    """Return a network with the mean weights and buffers of two networks, in eval mode.

    `share` in [0, 1] is the second network's weight in the mean. Weights that were fine-tuned from one
    another can be averaged, and the mean often generalises better than either (Wortsman et al., ICML 2022 and
    CVPR 2022). It has the first one's decision values. Raises InvalidWeights if the networks differ in their
    configuration.
    """
    if first.config != second.config:
        raise InvalidWeights("only networks of one configuration can be averaged")
    average = LAANet(first.config)
    others = second.state_dict()
    average.load_state_dict(
        {
            name: value.lerp(others[name], share) if value.is_floating_point() else value
            for name, value in first.state_dict().items()
        }
    )
    average.decision = first.decision
    return average.eval()
