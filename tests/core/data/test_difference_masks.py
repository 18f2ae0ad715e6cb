from __future__ import annotations

import numpy as np

from laanet_core.data.difference_masks import altered_cells, altered_mask


def test_altered_mask_covers_the_change_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    real = rng.integers(60, 180, (224, 224, 3), dtype=np.uint8)
    # Compression noise.
    fake = np.clip(real + rng.integers(-2, 3, real.shape), 0, 255).astype(np.uint8)
    assert altered_mask(real, fake).max() == 0
    fake[70:150, 80:150] = 255 - fake[70:150, 80:150] // 2
    mask = altered_mask(real, fake)
    assert mask[80:140, 90:140].min() > 0.9
    mask[55:165, 65:165] = 0
    assert mask.max() < 0.05


def test_altered_cells_mark_the_changed_corner() -> None:
    real = np.zeros((64, 64, 3), np.uint8)
    fake = real.copy()
    fake[:16, :16] = 90
    cells = altered_cells(real, fake)
    assert cells.shape == (16, 16)
    assert cells[:4, :4].all()
    assert cells.sum() == 16
