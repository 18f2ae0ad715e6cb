"""One table of signed files in every state: over HTTP, on the receipt page, and by command."""

from __future__ import annotations

import json
import re
import socket
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from laanet_core.cli import main
from tests.core.media.test_provenance import FORMATS
from tests.e2e.signed_site import STATES, SignedSite, statements, variant
from tests.signed_files import ORGANISATION, new_chain
from webapp.texts import LANGUAGES
from webapp.texts.addresses import address

Files = dict[tuple[str, str], bytes]


def test_states_over_http_on_the_page_and_by_command(
    site: SignedSite, browser: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        remote = f"http://127.0.0.1:{listener.getsockname()[1]}/manifest.c2pa"
        began = time.monotonic()
        files = {(name, state): variant(name, state, remote) for name in FORMATS for state in STATES}
        # The certificate of the expired ones is valid for some seconds, so that it can sign.
        time.sleep(max(0.0, 6 - (time.monotonic() - began)))
        receipts = check_http(site, files)
        check_page(site, browser, receipts)
        check_command(files, tmp_path, capsys)
        with pytest.raises(BlockingIOError):
            listener.accept()


def check_http(site: SignedSite, files: Files) -> dict[tuple[str, str], str]:
    """Compare the answers and the stored results with the table, and return the receipts."""
    receipts = {}
    for (name, state), content in files.items():
        answer = site.analyse(content)
        stored = site.http.get(f"/results/{answer['receipt']}").json()
        assert statements(answer) == statements(stored) == STATES[state], (name, state)
        assert stored["provenance"] == answer["provenance"]
        receipts[name, state] = answer["receipt"]
    return receipts


def check_page(site: SignedSite, browser: Browser, receipts: dict[tuple[str, str], str]) -> None:
    """Compare the receipt page with the table: all formats in English, and all states in every language."""
    context = browser.new_context()
    page = context.new_page()
    for language, texts in LANGUAGES.items():
        words = texts.provenance
        page.goto(site.server.url + address(texts, "receipt"))
        field = page.locator("#receipt textarea, #receipt input").first
        for (name, state), receipt in receipts.items():
            if language != "en" and name != "PNG":
                continue
            status, problem, conflict = STATES[state]
            sentence = words.statuses[status].format(
                issuer=ORGANISATION, problem="" if problem is None else words.problems[problem]
            )
            field.fill(receipt)
            field.press("Enter")
            shown = page.locator("#stored-result")
            # Another result may have the same sentence, so its receipt is waited for.
            expect(page.locator("#export a")).to_have_attribute("href", _contains(receipt), timeout=30_000)
            expect(shown).to_contain_text(sentence)
            if conflict is not None:
                expect(shown).to_contain_text(words.conflict.format(text=words.conflicts[conflict]))
            assert (words.conflict.partition("{")[0] in shown.inner_text()) == (conflict is not None)
    context.close()


def _contains(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text))


def check_command(files: Files, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trust_list = folder / "trust.pem"
    trust_list.write_bytes(new_chain().authority)
    paths = []
    for number, content in enumerate(files.values()):
        paths.append(folder / f"{number:02}")
        paths[-1].write_bytes(content)
    capsys.readouterr()
    main(["predict", "--json", "--device", "cpu", "--trust-list", str(trust_list), *map(str, paths)])
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for (name, state), answer in zip(files, answers, strict=True):
        assert statements(answer) == STATES[state], (name, state)
