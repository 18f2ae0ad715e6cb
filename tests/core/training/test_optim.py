from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor, nn

from laanet_core.training.optim import SAM, WeightAverage, linear_schedule


def test_the_schedule_rises_for_a_quarter_and_falls_to_nothing() -> None:
    rates = [linear_schedule(step, steps=100, start=5e-5, peak=2e-4) for step in range(101)]
    assert rates[0] == pytest.approx(5e-5)
    assert rates[25] == max(rates) == pytest.approx(2e-4)
    assert rates[100] == pytest.approx(0)
    assert rates[50] == pytest.approx(2e-4 * 50 / 75)
    assert all(later > earlier for earlier, later in itertools.pairwise(rates[:26]))


def test_sam_takes_its_gradient_where_the_loss_is_worst() -> None:
    weight = nn.Parameter(torch.tensor([3.0, 4.0]))
    sam = SAM(torch.optim.SGD([weight], lr=0.1), rho=0.5)

    def loss() -> Tensor:
        value = (weight**2).sum() / 2
        value.backward()  # type: ignore[no-untyped-call]
        return value

    first = sam.step(loss)
    assert first.item() == pytest.approx(12.5)
    # the gradient (3, 4) has norm 5, so the climb goes to (3.3, 4.4), whose gradient moves the starting point
    assert weight.detach().tolist() == pytest.approx([3 - 0.33, 4 - 0.44])


def test_sam_without_radius_is_the_plain_optimiser() -> None:
    weight = nn.Parameter(torch.tensor([2.0]))
    calls = 0

    def loss() -> Tensor:
        nonlocal calls
        calls += 1
        value = (weight**2).sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    SAM(torch.optim.SGD([weight], lr=0.1), rho=0).step(loss)
    assert calls == 1
    assert weight.item() == pytest.approx(2 - 0.4)
    with pytest.raises(ValueError, match="rho"):
        SAM(torch.optim.SGD([weight], lr=0.1), rho=-1)


def test_the_average_follows_slowly_and_copies_counters() -> None:
    model = nn.BatchNorm1d(1)
    average = WeightAverage(model, decay=0.9)
    with torch.no_grad():
        model.weight.fill_(11.0)
    assert model.num_batches_tracked is not None
    model.num_batches_tracked += 5
    average.update(model, step=10_000)
    assert average.values["weight"].item() == pytest.approx(1 + 0.1 * 10)
    assert average.values["num_batches_tracked"].item() == 5
