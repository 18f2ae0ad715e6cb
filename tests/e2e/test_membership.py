"""Browser tests of the sign-in with Hugging Face: a Space behind TLS, and a provider on another site."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.conftest import Server, served
from tests.e2e.conftest import FLAGS
from tests.openid_provider import HOST, OpenIDProvider, user
from tests.tls_proxy import TlsProxy

SITE = f"https://{HOST}"


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIDProvider]:
    with OpenIDProvider() as running:
        running.asks = True
        yield running


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory, provider: OpenIDProvider) -> Iterator[Server]:
    settings = {"LENS_HOST": "127.0.0.1", "LENS_HF_ORGANISATION": "lens-moderators"}
    with served(tmp_path_factory.mktemp("space"), **provider.environment, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def outside(
    playwright: Playwright, browser_path: str, space: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A browser to which the Space has its own name, as another site than the provider's."""
    port = urlsplit(space.url).port
    assert port is not None
    with TlsProxy(tmp_path_factory.mktemp("tls"), HOST, port) as proxy:
        rules = f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{proxy.port}"
        # Otherwise a page of the internet may not frame a page of the loopback interface.
        local = "--disable-features=LocalNetworkAccessChecks"
        running = playwright.chromium.launch(
            executable_path=browser_path, args=[*FLAGS, rules, local, "--ignore-certificate-errors"]
        )
        yield running
        running.close()


@pytest.fixture
def page(outside: Browser) -> Iterator[Page]:
    context = outside.new_context()
    yield context.new_page()
    context.close()


def test_off_to_the_provider_and_back_to_the_desk(page: Page, provider: OpenIDProvider) -> None:
    page.goto(f"{SITE}/moderate/")
    assert page.url == f"{SITE}/sign-in"
    page.get_by_role("link", name="Sign in with Hugging Face").click()
    assert page.url.startswith(provider.address)
    page.get_by_role("link", name="Authorize").click()
    page.wait_for_url(f"{SITE}/moderate/")
    expect(page.locator("#desk-me")).to_contain_text("hf:ada-l")
    given = {found["name"]: found for found in page.context.cookies(SITE)}
    assert set(given) == {"lens_session"}
    assert (given["lens_session"]["secure"], given["lens_session"]["sameSite"]) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{SITE}/sign-in")
    page.goto(f"{SITE}/moderate/")
    assert page.url == f"{SITE}/sign-in"


def test_who_may_not_is_told_why_and_gets_no_session(page: Page, provider: OpenIDProvider) -> None:
    provider.user = user("u2", "bela", roleInOrg="read")
    page.goto(f"{SITE}/sign-in")
    page.get_by_role("link", name="Sign in with Hugging Face").click()
    page.get_by_role("link", name="Authorize").click()
    expect(page.get_by_role("alert")).to_contain_text("only lets you read")
    expect(page.locator("code")).to_have_text("role_too_low")
    assert page.context.cookies(SITE) == []
    page.get_by_role("link", name="Back to sign-in").click()
    page.wait_for_url(f"{SITE}/sign-in")


def test_in_a_frame_of_another_site_the_way_out_is_shown(page: Page, provider: OpenIDProvider) -> None:
    """The frame of huggingface.co/spaces, in which browsers keep no cookie of the Space."""
    framing = "https://huggingface.co/spaces/owner/lens"
    page.route(
        framing,
        lambda route: route.fulfill(content_type="text/html", body=f"<iframe src='{SITE}/sign-in'></iframe>"),
    )
    page.goto(framing)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("note")).to_contain_text("inside another page")
    assert frame.get_by_role("link", name="Sign in with Hugging Face").count() == 0
    with page.context.expect_page() as opening:
        frame.get_by_role("link", name="Open it in a new tab").click()
    opening.value.wait_for_url(f"{SITE}/sign-in")
    expect(opening.value.get_by_role("link", name="Sign in with Hugging Face")).to_be_visible()
