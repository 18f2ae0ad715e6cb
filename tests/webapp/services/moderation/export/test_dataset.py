"""The data set's photos and its agreement with the COCO export."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from laanet_core.media.images import read_image
from tests.webapp.conftest import Judged
from tests.webapp.services.conftest import Decides
from tests.webapp.services.moderation.export.conftest import region
from webapp.services.moderation.export import LabelExport

pytestmark = pytest.mark.both_databases


def test_coco_and_the_dataset_refer_to_the_same_pixels(
    export: LabelExport, receipt: str, decides: Decides, judged: Judged, tmp_path: Path
) -> None:
    decides("fake", region=region())
    decides("real")
    export.write("coco", tmp_path / "coco.json")
    export.write("hf", tmp_path / "dataset")
    coco = json.loads((tmp_path / "coco.json").read_text())
    (image,), (fake, real) = coco["images"], coco["annotations"]
    rgb = read_image(judged.picture)
    assert (image["width"], image["height"]) == (rgb.shape[1], rgb.shape[0])
    assert sum(fake["segmentation"]["counts"]) == rgb.shape[0] * rgb.shape[1]
    assert fake["segmentation"]["size"] == [rgb.shape[0], rgb.shape[1]]
    assert fake["area"] == pytest.approx(rgb.shape[0] * rgb.shape[1] / 2, rel=0.01)
    assert (fake["category_id"], real["category_id"], real["segmentation"]) == (2, 1, [])
    (line,) = map(json.loads, (tmp_path / "dataset" / "train" / "metadata.jsonl").read_text().splitlines())
    assert line["faces"]["value"] == ["fake", "real"]
    assert line["file_name"] == image["file_name"]
    assert np.array_equal(read_image(tmp_path / "dataset" / "train" / line["file_name"]), rgb)
