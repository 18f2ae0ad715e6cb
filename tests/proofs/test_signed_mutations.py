"""Mutations of signed files through a running server (`make proof`): each one is answered, none is lost.

`PROOF_MUTATIONS` sets another number of files. `test_provenance` reads more of them without a server.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.conftest import served
from tests.core.media.test_provenance import FORMATS, mutations, without_credentials
from tests.signed_files import new_chain, signed, source_file

MUTATIONS = int(os.environ.get("PROOF_MUTATIONS", "500"))


@pytest.mark.proof
def test_mutations_through_the_server(tmp_path: Path) -> None:
    trust_list = tmp_path / "trust.pem"
    trust_list.write_bytes(new_chain().authority)
    rng = np.random.default_rng(23)
    files = {name: signed(*source_file(name)) for name in FORMATS}
    answers: Counter[tuple[int, str, str]] = Counter()
    valid = 0
    with (
        served(tmp_path, LENS_C2PA_TRUST=str(trust_list)) as running,
        httpx.Client(base_url=running.url, timeout=120) as http,
    ):
        for number in range(MUTATIONS):
            name = FORMATS[number % len(FORMATS)]
            mutant = mutations(files[name], rng)
            answer = http.post("/api/v1/analyse", files={"file": ("upload", mutant)})
            result = answer.json()
            assert answer.status_code in (200, 422), answer.text
            provenance = result["provenance"] or {"status": "not stated", "sources": []}
            code = str((result["error"] or {}).get("code", ""))
            answers[answer.status_code, code, provenance["status"]] += 1
            if provenance["status"].startswith("valid"):
                valid += 1
                assert without_credentials(name, mutant) == without_credentials(name, files[name])
        assert http.get("/healthz").json()["status"] == "ok"
        log = running.log.read_text()
    print(sorted(answers.items(), key=lambda pair: -pair[1]), f"valid: {valid}")
    assert "Traceback" not in log
    assert not any(code in ("unforeseen", "busy", "decoders_busy") for _, code, _ in answers)
    assert {"invalid", "unreadable"} <= {status for _, _, status in answers}
