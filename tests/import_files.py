"""Photographs to import, variations of one public-domain portrait, bad files, and imports of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sqlalchemy import select

from laanet_core.media.images import read_image
from laanet_core.types import RGBImage
from tests.conftest import ROOT
from tests.waiting import wait_for
from webapp.db.session import connect, make_sessions, open_database
from webapp.db.tables import Analysis, CaseItem

# Codes of the bad files that `write_bad_files` writes, in turn.
BAD_CODES = ("unsupported_type", "corrupt_image", "empty_file")


def portrait(samples: Path) -> RGBImage:
    """Return the face of a sample, (H, W, 3) uint8 RGB."""
    return np.ascontiguousarray(read_image(samples / "astronaut.png")[10:250, 110:350])


def write_photos(folder: Path, samples: Path, count: int) -> None:
    """Write photographs in subfolders. No two have the same bytes."""
    face = portrait(samples)
    for number in range(count):
        changed = cv2.convertScaleAbs(face, alpha=1 - number % 50 / 500, beta=number // 50)
        # The bits of the number as black and white squares, which survive the compression.
        for bit in range(9):
            changed[:8, 8 * bit : 8 * bit + 8] = 255 * (number >> bit & 1)
        path = folder / f"{number // 100}" / f"photo-{number:03}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), cv2.cvtColor(changed, cv2.COLOR_RGB2BGR))


def write_bad_files(folder: Path, samples: Path, count: int) -> None:
    """Write files that are no pictures, damaged pictures and empty files."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = (samples / "two_people.jpg").read_bytes()
    for number in range(count):
        content = (f"no picture {number}".encode(), picture[: 2000 + number], b"")[number % len(BAD_CODES)]
        (folder / f"bad-{number:03}.jpg").write_bytes(content)


@dataclass(frozen=True)
class Installation:
    """An installation in which `import-cases` imports `photos`, in processes of their own."""

    data: Path
    photos: Path
    report: Path
    environment: Mapping[str, str]

    @classmethod
    def create(cls, folder: Path, weights: Path) -> Installation:
        """Create the database, below `folder`."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LENS_")}
        environment |= {"LENS_DATA": str(folder / "data"), "LENS_CACHE": str(folder / "cache")}
        environment |= {"LENS_DEVICE": "cpu", "LENS_RUNTIME": "eager", "LENS_WEIGHTS": str(weights)}
        open_database(f"sqlite:///{folder / 'data' / 'lens.sqlite3'}").dispose()
        return cls(folder / "data", folder / "photos", folder / "report.jsonl", environment)

    def start_import(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "webapp", "import-cases", str(self.photos), "--json"]
        statements = ["--source", "Wikimedia Commons", "--rights", "public domain"]
        return subprocess.Popen(
            [*command, *statements, "--report", str(self.report)],
            cwd=ROOT,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def complete_import(self) -> tuple[int, dict[str, Any]]:
        """Run the import to its end. Return exit status and summary."""
        process = self.start_import()
        output, errors = process.communicate(timeout=1200)
        assert process.returncode in (0, 2), errors
        return process.returncode, json.loads(output)

    def rows(self) -> list[dict[str, Any]]:
        """Return the complete rows of the report."""
        if not self.report.exists():
            return []
        lines = self.report.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def interrupt_after(self, process: subprocess.Popen[str], rows: int) -> None:
        """Kill an import once the report has that many rows."""
        wait_for(lambda: process.poll() is not None or len(self.rows()) >= rows, seconds=600)
        assert process.poll() is None
        process.kill()
        process.communicate()

    def assert_complete(self, photos: int, bad_files: int) -> None:
        """Check that every photo is imported exactly once, and every bad file has a row with its code."""
        rows = self.rows()
        codes = [row["code"] for row in rows if row["state"] == "refused"]
        assert Counter(codes) == Counter(islice(cycle(BAD_CODES), bad_files))
        assert len(rows) == len({row["path"] for row in rows}) == photos + bad_files
        engine = connect(f"sqlite:///{self.data / 'lens.sqlite3'}")
        with make_sessions(engine)() as session:
            sha256 = session.scalars(select(Analysis.media_sha256).join(Analysis.imported)).all()
            assert len(sha256) == len(set(sha256)) == photos
            assert set(sha256) == {row["sha256"] for row in rows if row["state"] != "refused"}
            reasons = session.execute(select(CaseItem.analysis_id, CaseItem.reason)).all()
            assert len(reasons) == len({number for number, _ in reasons}) == photos
            assert {reason for _, reason in reasons} == {"import"}
        engine.dispose()
