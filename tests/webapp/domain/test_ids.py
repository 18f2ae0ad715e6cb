"""Random ids."""

from __future__ import annotations

from webapp.domain.ids import new_id


def test_ids_have_128_random_bits() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert {len(bytes.fromhex(one)) * 8 for one in ids} == {128}
