"""The doors' pages as HTML. Everything that is put in is escaped."""

from __future__ import annotations

from html import escape

from webapp.services.accounts.totp import TotpOffer

_STYLE = """
:root { color-scheme: light dark; --line: #8a94a3; --accent: #0f6b62; --wrong: #b93400; }
@media (prefers-color-scheme: dark) { :root { --accent: #5eead4; --wrong: #ff8a5c; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 24rem; margin: 12vh auto 2rem; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; } label { display: block; margin: 0.9rem 0 0.25rem; }
input { font: inherit; width: 100%; box-sizing: border-box; padding: 0.55rem 0.7rem; border: 1px solid var(--line); border-radius: 6px; }
button { font: inherit; font-weight: 600; margin-top: 1.4rem; padding: 0.6rem 1.2rem; border: 0; border-radius: 6px; cursor: pointer;
  background: #0f6b62; color: #fff; }
:is(input, button, a):focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.way { display: inline-block; font-weight: 600; padding: 0.6rem 1.2rem; border: 1px solid var(--line); border-radius: 6px; }
a { color: var(--accent); } [role=alert] { color: var(--wrong); font-weight: 600; } .help { font-size: 0.9rem; }
"""
# The link's token stands behind "#", which browsers send to nobody; it goes into the form, and out of the address bar.
_TAKE_TOKEN = """
const field = document.querySelector('input[name=token]');
if (location.hash) { field.value = location.hash.slice(1); history.replaceState(null, '', location.pathname); }
"""


def _page(title: str, body: str, wrong: str = "", head: str = "") -> str:
    alert = f"<p role='alert'>{escape(wrong)}</p>" if wrong else ""
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<meta name='robots' content='noindex'><title>{escape(title)} - LAA-Net Lens</title><style>{_STYLE}</style>{head}</head>"
        f"<body><main><h1>{escape(title)}</h1>{alert}{body}</main></body></html>"
    )


def _field(name: str, label: str, kind: str, more: str = "", value: str = "") -> str:
    return (
        f"<label for='{name}'>{escape(label)}</label>"
        f"<input id='{name}' name='{name}' type='{kind}' value='{escape(value, quote=True)}' {more}>"
    )


def sign_in(wrong: str = "", name: str = "", other: str = "") -> str:
    """The form by which a moderator signs in; `wrong` says why the last try failed, `other` is markup: another way in."""
    fields = (
        _field(
            "name",
            "Name",
            "text",
            "autocomplete='username' autocapitalize='none' required autofocus maxlength='64'",
            name,
        )
        + _field(
            "password", "Password", "password", "autocomplete='current-password' required maxlength='200'"
        )
        + _field(
            "code",
            "Code, if you use an authenticator app",
            "text",
            "autocomplete='one-time-code' inputmode='numeric' maxlength='12'",
        )
    )
    helped = "<p class='help'>Forgotten? Ask an admin for a new link.</p><p class='help'><a href='/'>To the public page</a></p>"
    return _page(
        "Moderators sign in",
        f"{other}<form method='post' action='/sign-in'>{fields}<button>Sign in</button></form>{helped}",
        wrong,
    )


def with_hugging_face(site: str, start: str, *, framed: bool) -> str:
    """The other way in, as markup, or where the page is part of another one the way out of that; `site` is the direct address."""
    if framed:
        said = "Nobody can sign in while this is shown inside another page: browsers keep no cookies there."
        link = f"<a href='{escape(site, quote=True)}/sign-in' target='_blank' rel='noopener'>Open it in a tab of its own</a>"
        return f"<p role='note'>{said} {link}.</p>"
    link = f"<a class='way' href='{escape(site + start, quote=True)}'>Sign in with Hugging Face</a>"
    return f"<p>{link}</p><p class='help'>Or with a local account:</p>"


def link(wrong: str = "", token: str = "") -> str:
    """The form by which the holder of a link chooses a password."""
    fields = f"<input name='token' type='hidden' value='{escape(token, quote=True)}'>" + _field(
        "password",
        "New password",
        "password",
        "autocomplete='new-password' required minlength='12' maxlength='200' autofocus",
    )
    said = "<p class='help'>At least 12 characters. The link works once.</p>"
    form = f"<form method='post' action='/link'>{fields}{said}<button>Set password</button></form>"
    return _page("Choose a password", f"{form}<script>{_TAKE_TOKEN}</script>", wrong)


def second_factor(offer: TotpOffer, wrong: str = "") -> str:
    """The form by which a second factor comes into force, once its first code was right."""
    spaced = " ".join(offer.secret[place : place + 4] for place in range(0, len(offer.secret), 4))
    said = (
        f"<p>Enter this key in your authenticator app, or <a href='{escape(offer.address, quote=True)}'>open it there</a>:</p>"
        f"<p><code>{escape(spaced)}</code></p>"
    )
    one_time = "autocomplete='one-time-code' inputmode='numeric' required maxlength='12'"
    fields = f"<input name='offer' type='hidden' value='{escape(offer.token, quote=True)}'>" + _field(
        "code", "The code that it shows", "text", f"{one_time} autofocus"
    )
    if offer.replaces:
        fields += _field("present", "A code of the key that you have used until now", "text", one_time)
        fields += "<p class='help'>You have none any more? Ask an admin for a new link.</p>"
    form = f"<form method='post' action='/second-factor'>{fields}<button>Turn on</button></form>"
    return _page("Second factor", said + form, wrong)


def refused(title: str, message: str, code: str, address: str, words: str) -> str:
    """Why it went wrong, with the code to ask an admin by, and where to try again."""
    shown = f"<p class='help'>Code: <code>{escape(code)}</code></p><p><a href='{escape(address, quote=True)}'>{escape(words)}</a></p>"
    return _page(title, shown, message)


def onwards(address: str) -> str:
    """A page that goes on by itself. A redirect would not do: browsers keep a strict cookie from a chain that began on another site."""
    there = escape(address, quote=True)
    head = f"<meta http-equiv='refresh' content='0; url={there}'>"
    return _page("Signed in", f"<p role='status'><a href='{there}'>To the desk</a></p>", head=head)


def done(title: str, sentence: str, address: str, words: str) -> str:
    """A page that says what was done, and where to go on."""
    return _page(
        title,
        f"<p role='status'>{escape(sentence)}</p><p><a href='{escape(address, quote=True)}'>{escape(words)}</a></p>",
    )
