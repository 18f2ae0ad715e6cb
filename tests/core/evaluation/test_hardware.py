from __future__ import annotations

from laanet_core.evaluation import hardware


def test_the_machine_is_described() -> None:
    described = hardware.describe()
    assert described["threads"] >= 1
    assert described["processor"]
    assert hardware.peak_memory() > 50


def test_matrix_products_have_a_plausible_rate() -> None:
    assert 0.5 < hardware.matmul_rate() < 1e5
