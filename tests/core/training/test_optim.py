from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor, nn

from laanet_core.training.optim import SAM, linear_schedule, moving_average


def test_the_schedule_rises_for_a_quarter_and_falls_to_zero() -> None:
    rates = [linear_schedule(step, steps=100, start=5e-5, peak=2e-4) for step in range(101)]
    assert rates[0] == pytest.approx(5e-5)
    assert rates[25] == max(rates) == pytest.approx(2e-4)
    assert rates[100] == pytest.approx(0)
    assert rates[50] == pytest.approx(2e-4 * 50 / 75)
    assert all(later > earlier for earlier, later in itertools.pairwise(rates[:26]))


def half_square(weight: nn.Parameter) -> None:
    """Compute the gradient of |w|^2 / 2."""
    loss: Tensor = (weight**2).sum() / 2
    loss.backward()  # type: ignore[no-untyped-call]


def test_sam_takes_its_gradient_at_the_worst_loss_nearby() -> None:
    weight = nn.Parameter(torch.tensor([3.0, 4.0]))
    sam = SAM(torch.optim.SGD([weight], lr=0.1), rho=0.5)
    half_square(weight)
    # The gradient (3, 4) has norm 5, so the ascent ends at (3.3, 4.4).
    sam.ascend()
    assert weight.detach().tolist() == pytest.approx([3.3, 4.4])
    assert weight.grad is None
    half_square(weight)
    sam.step()
    assert weight.detach().tolist() == pytest.approx([3 - 0.33, 4 - 0.44])


def test_sam_without_ascent_is_the_plain_optimiser() -> None:
    weight = nn.Parameter(torch.tensor([2.0]))
    half_square(weight)
    SAM(torch.optim.SGD([weight], lr=0.1), rho=0).step()
    assert weight.item() == pytest.approx(2 - 0.2)
    with pytest.raises(ValueError, match="rho"):
        SAM(torch.optim.SGD([weight], lr=0.1), rho=-1)


def test_the_average_follows_slowly_and_copies_counters() -> None:
    model = nn.BatchNorm1d(1)
    average = moving_average(model, decay=0.9, updates=10_000)
    with torch.no_grad():
        model.weight.fill_(11.0)
    assert model.num_batches_tracked is not None
    model.num_batches_tracked += 5
    average.update_parameters(model)
    values = average.module.state_dict()
    assert values["weight"].item() == pytest.approx(1 + 0.1 * 10)
    assert values["num_batches_tracked"].item() == 5


def test_early_updates_of_the_average_have_a_smaller_decay() -> None:
    model = nn.Linear(1, 1, bias=False)
    expected = model.weight.item()
    average = moving_average(model, decay=0.9)
    for update in range(3):
        with torch.no_grad():
            model.weight.add_(1.0)
        decay = (1 + update) / (10 + update)
        expected = decay * expected + (1 - decay) * model.weight.item()
        average.update_parameters(model)
    assert average.module.weight.item() == pytest.approx(expected)
