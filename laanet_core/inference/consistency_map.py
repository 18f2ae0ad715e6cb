"""Consistency map of a face (paper section 3.2, equation 6)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.preprocessing import to_input
from laanet_core.types import RGBImage


@torch.inference_mode()
def consistency_values(model: LAANet, crop: RGBImage, anchor: int) -> npt.NDArray[np.float32]:
    """Return the similarity (S/4, S/4) float32 in [0, 1] of every cell of a face to an anchor cell.

    The value is sigmoid(f_s . f / sqrt(E)), with f the embeddings of width E and s the anchor. `crop` (S,
    S, 3) is uint8 RGB; `anchor` is the cell's flat index, row by row. One forward pass without the flip
    test, as in the equation.

    Raises ValueError for a crop of another shape or an anchor outside the map.
    """
    cells = model.config.heatmap_size
    if not 0 <= anchor < cells * cells:
        raise ValueError(f"the anchor must be one of {cells * cells} cells, not {anchor}")
    images = to_input(crop[None], next(model.parameters()).device)
    embeddings = model(images, consistency=True).embeddings  # (1, E, S/4, S/4)
    vectors = embeddings[0].float().flatten(1)  # (E, cells * cells)
    similarity = (vectors * vectors[:, anchor, None]).sum(dim=0) / vectors.shape[0] ** 0.5
    return np.asarray(similarity.sigmoid().view(cells, cells).cpu().numpy(), np.float32)
