from __future__ import annotations

import pytest

from tests.conftest import Server
from webapp.domain.errors import Unable
from webapp.speed.clients import ThroughputMeasurement, send_photos


def test_a_measurement_tells_the_middle_the_tail_and_how_long_the_unluckiest_waited() -> None:
    waits = (0.1,) * 18 + (0.2, 0.5)
    said = ThroughputMeasurement(20, 4.0, waits, processor=2.0).to_json()
    assert said == {
        **{"photos": 20, "photos_per_second": 5.0, "processor_ms": 100.0},
        **{"p50": 0.1, "p95": 0.5, "longest": 0.5, "longest_over_median": 5.0},
    }
    assert ThroughputMeasurement(20, 4.0).to_json() == {"photos": 20, "photos_per_second": 5.0}


def test_what_is_not_judged_is_not_counted(server: Server) -> None:
    with pytest.raises(Unable, match="status 422") as refused:
        send_photos(server.url.removeprefix("http://"), [b"no picture"], clients=2, photos_per_client=1)
    assert refused.value.code == "not_answered"
