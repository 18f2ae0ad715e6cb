"""Signed files in the running application: states, contradictions, the receipt, and what is never kept."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Browser

from tests.conftest import Server, served
from tests.desks import close_all, open_on
from tests.e2e.conftest import Visit
from tests.e2e.signed_site import SignedSite
from tests.e2e.test_verify import saved_report
from tests.signed_files import ORGANISATION, manifest, signed
from tests.webapp.services.reports.pdf import text_of
from webapp.cli import main

SECRETS = (b"Jane Roe", b"SN-12345", b"46,57.0N", b"Secretown", b"private title", b"Test Signer")


def test_contradiction_opens_a_case_and_leaves_the_verdict(site: SignedSite, portrait: bytes) -> None:
    plain = site.analyse(portrait)
    edited = signed(portrait, "image/png", manifest("compositeWithTrainedAlgorithmicMedia"))
    answer = site.analyse(edited, consent="true")
    assert plain["verdict"] == "real"
    assert (answer["verdict"], answer["fake_prob"]) == (plain["verdict"], plain["fake_prob"])
    assert answer["conflict"] == "edited_face_claimed_but_nothing_seen"
    stored = site.http.get(f"/results/{answer['receipt']}").json()
    assert stored["waiting"], "moderators have a case"


def test_health_shows_the_age_of_the_trust_list(site: SignedSite) -> None:
    trust = httpx.get(f"{site.server.url}/healthz", timeout=60).json()["c2pa_trust"]
    assert (trust["certificates"], trust["age_days"]) == (1, 0)
    assert trust["changed"].endswith("+00:00")


def test_persons_places_and_serial_numbers_are_found_nowhere(
    site: SignedSite,
    browser: Browser,
    portrait: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tags = Image.Exif()
    tags[315] = "Jane Roe"
    tags.get_ifd(34665)[42033] = "SN-12345"
    # Descriptions, comments and names of places are read, or stand beside what is read.
    tags[270] = "Jane Roe in Secretown"
    tags.get_ifd(34665)[37510] = b"ASCII\x00\x00\x00Jane Roe"
    tags.get_ifd(34853).update({1: "N", 2: (46.0, 57.0, 0.0), 28: b"ASCII\x00\x00\x00Secretown"})
    texts = PngInfo()
    texts.add_text("Comment", "Jane Roe in Secretown")
    texts.add_itxt("XML:com.adobe.xmp", "<dc:description>Jane Roe in Secretown</dc:description>")
    private = [
        {
            "label": "stds.exif",
            "data": {
                "@context": {"exif": "http://ns.adobe.com/exif/1.0/"},
                "exif:GPSLatitude": "46,57.0N",
                "exif:BodySerialNumber": "SN-12345",
            },
        },
        {
            "label": "stds.schema-org.CreativeWork",
            "data": {
                "@context": "https://schema.org",
                "@type": "CreativeWork",
                "author": [{"@type": "Person", "name": "Jane Roe"}],
            },
        },
    ]
    written = io.BytesIO()
    with Image.open(io.BytesIO(portrait)) as image:
        image.save(written, "PNG", exif=tags, pnginfo=texts)
    upload = signed(written.getvalue(), "image/png", manifest("digitalCapture", assertions=private))
    assert sum(secret in upload for secret in SECRETS) >= 5
    close_all(site.server)
    path = tmp_path / "upload.png"
    path.write_bytes(upload)
    shown = _shown_by_page(site, browser, path, tmp_path)
    answer = site.analyse(upload, consent="true")
    assert (answer["provenance"]["status"], answer["kept"]) == ("valid_trusted", True)
    receipt = answer["receipt"]
    shown |= {
        "answer": str(answer).encode(),
        "result": site.http.get(f"/results/{receipt}").content,
        "own export": _unpacked(site.http.get(f"/results/{receipt}/export").content),
        **_exports(site, receipt, tmp_path, monkeypatch),
    }
    folder = site.server.log.parent
    shown |= {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and _is_kept(path)}
    assert sum(ORGANISATION.encode() in content for content in shown.values()) > 5, "statements are stored"
    for name, content in shown.items():
        assert not [secret for secret in SECRETS if secret in content], name


def _shown_by_page(site: SignedSite, browser: Browser, upload: Path, folder: Path) -> dict[str, bytes]:
    """Return what the result page shows of an upload, and the texts of its reports."""
    context = browser.new_context()
    visit = Visit(context.new_page(), site.server).open()
    visit.analyse(upload)
    shown = {"page": visit.page.content().encode()}
    pdf = saved_report(visit.page, "#report-pdf", folder / "report.pdf").read_bytes()
    assert "What the file says" in text_of(pdf)
    shown["pdf"] = pdf + text_of(pdf).encode()
    shown["json report"] = saved_report(visit.page, "#report-json", folder / "report.json").read_bytes()
    context.close()
    # The name of the upload is private too.
    assert not any(b"upload.png" in content for name, content in shown.items() if name != "page")
    return shown


def _exports(
    site: SignedSite, receipt: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, bytes]:
    """Let moderators decide on a result, and return what the desk shows and all formats of the export."""
    open_on(site.server, receipt)
    revealed = site.decide("real")
    assert all(answer["answer"]["provenance"] for answer in revealed)
    shown = {"desk": str(revealed).encode()}
    monkeypatch.setenv("LENS_DATA", str(site.server.database.parent))
    monkeypatch.setenv("LENS_DECISION_DELAY", "0")
    for export_format in ("csv", "jsonl", "coco", "hf"):
        out = folder / f"export-{export_format}"
        assert main(["export-labels", "--format", export_format, str(out)]) == 0
        files = [out] if out.is_file() else [path for path in out.rglob("*") if path.is_file()]
        assert files
        shown[export_format] = b"".join(path.read_bytes() for path in files)
    return shown


def _unpacked(archive: bytes) -> bytes:
    """Return the contents of a ZIP file's members, one after the other."""
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        return b"".join(members.read(name) for name in members.namelist())


def _is_kept(path: Path) -> bool:
    """Return whether a file outlives the analysis: uploads do so only until the next sweep."""
    return "cache" not in path.parts


def test_wrong_trust_list_stops_the_start(tmp_path: Path) -> None:
    broken = tmp_path / "trust.pem"
    broken.write_text("no certificate")
    with pytest.raises(AssertionError, match="trust list"), closing(_start(tmp_path, broken)) as started:
        next(started)


def _start(folder: Path, trust_list: Path) -> Iterator[Server]:
    with served(folder, LENS_C2PA_TRUST=str(trust_list)) as running:
        yield running
