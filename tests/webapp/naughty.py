"""Notes that programs have stumbled over, forty chosen and some four hundred by category; each must come back byte for byte."""

from __future__ import annotations

NOTES = (
    " ",
    "  leading and trailing  ",
    "\ttabs\tand\r\nboth kinds\rof\nline ends\n",
    "\n\n\n",
    "שלום, זה אני",
    "مرحبا \u202egnp.exe\u202c إلى اليسار",
    "\u2066isolated\u2069 \u200fmarked\u200e",
    "zero\u200bwidth\u200djoined\u200cnot\u2060word\ufeff",
    "\ufeffbyte order mark first",
    "'; DROP TABLE feedback; --",
    "' OR '1'='1",
    '" UNION SELECT receipt_hash FROM analysis --',
    "\\'; %s %(note)s {note} ${note} :note ?1",
    "<script>alert(document.cookie)</script>",
    "<img src=x onerror=alert(1)>",
    "</textarea><svg/onload=alert`1`>",
    "&lt;b&gt; &amp; &#0; &#x202e;",
    "<!-- <![CDATA[ ]]> -->",
    "javascript:alert(1)",
    '=HYPERLINK("http://example.org","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1-1",
    "🙂",
    "👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇩 👍🏿",
    "𝒻𝒶𝓀𝑒 𠜎𠜱𠝹 𐍈",
    "é e\u0301 \u212b \u00c5 A\u030a",
    "Z\u0351\u036b\u0343\u036a\u0302a\u0321l\u0334g\u0337o\u0338",
    "ﷺ ﬁ ½ Ǆ ß ẞ İ ı",
    "日本語のメモ、全角　空白",
    "한국어 각 각",
    "हिन्दी क्षि தமிழ்",
    "../../etc/passwd",
    "C:\\CON\\..\\nul:",
    "%00%0a%2e%2e%2f",
    "\x01\x02\x07\x08\x0b\x0c\x1b[31m\x7f\x80\x85\x9f",
    "\u2028line\u2029paragraph",
    "\uffff\ufffe\U0010ffff\ufdd0",
    '{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}',
    "null",
    "x" * 1999 + "🙂",
)

_WORDS = (
    *(
        "undefined",
        "null",
        "NULL",
        "None",
        "nil",
        "NaN",
        "Infinity",
        "-Infinity",
        "true",
        "False",
        "constructor",
        "__proto__",
        "hasOwnProperty",
    ),
    *("then", "CON", "PRN", "AUX", "NUL", "COM1", "LPT9", "self", "this", "\\", "\\\\", "/", "//", "0x", "#", "[object Object]", "(null)"),
)
_NUMBERS = (
    *(
        "0",
        "-0",
        "00",
        "1.0",
        "1/2",
        "1E2",
        "-1.",
        ".5",
        "1,000",
        "1 000",
        "0xff",
        "0b1",
        "0o7",
        "1e309",
        "-1e-309",
        "9" * 40,
        "--1",
        "+-0",
    ),
    *("2147483648", "9007199254740993", "18446744073709551616", "0.1e+1", "٣٤", "①②", "½", "1_000", "2026-02-30", "24:60:61"),
)
_SCRIPTS = (
    *(
        "Grüße, ÆØÅ œ ł ñ",
        "Ελληνικά",
        "Русский ёж",
        "עברית נִקּוּד",
        "العربية فارسی",
        "हिन्दी",
        "ไทย ภาษา",
        "မြန်မာ",
        "ქართული",
        "አማርኛ",
        "한국어 조합",
    ),
    *(
        "日本語 ﾊﾝｶｸ",
        "漢字 繁體 简体",
        "𠀀𠮷𪚥",
        "ᚠᛇᚻ",
        "ᏣᎳᎩ",
        "ꓡꓲꓢꓴ",
        "Ｆｕｌｌ ｗｉｄｔｈ",
        "ℌ𝔢𝔩𝔩𝔬",
        "ⓒⓘⓡⓒⓛⓔ",
        "uʍop ǝpısdn",
        "̂̂̂",
        "ﷺ",
        "田中さんにあげて下さい",
    ),
)
_SPACES = tuple(
    f"a{chr(code)}b" for code in (0x9, 0xA, 0xB, 0xC, 0x85, 0xA0, 0x1680, 0x2000, 0x2003, 0x2009, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
)
_UNSEEN = tuple(
    f"a{chr(code)}b"
    for code in (0xAD, 0x34F, 0x61C, 0x115F, 0x180E, *range(0x200B, 0x2010), *range(0x2060, 0x2065), 0x3164, 0xFEFF, 0xFFF9)
)
_TURNING = tuple(
    f"{chr(code)}txt.exe{end}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A)) for end in ("", "\u202c", "\u2069")
)
_CONTROLS = tuple(f"a{chr(code)}b" for code in (*range(1, 9), *range(14, 32), 0x7F, *range(0x80, 0xA0, 3)))
_PICTURES = (
    *("😀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "👍🏽", "🇨🇭", "🇦🇦🇦", "1️⃣", "❤️", "☺︎", "🧑🏿‍🚀", "\U0001f9ff\u200d", "✋🏿💪🏿👐🏿", "𓀀𓁐"),
    *(
        "a" + "\u0301" * 60,
        "".join(f"{letter}\u0300\u0345\u0489\u035c" for letter in "zalgo"),
        "\u0e49" * 40,
        "\U000e0041\U000e007f",
        "\ue000\uf8ff",
    ),
)
_PAYLOADS = ("alert(1)", "alert`1`", "window.pwned=1", "document.title='pwned'")
_CARRIERS = (
    *(
        "<script>{}</script>",
        "<ScRiPt >{}</sCrIpT>",
        "<script src=//0.0.0.0/x onload={}>",
        "<img src=x onerror={}>",
        "<img/src/onerror={}>",
    ),
    *("<svg onload={}>", "<svg><animate onbegin={} attributeName=x dur=1s>", "<body onload={}>", "<iframe srcdoc='<script>{}</script>'>"),
    *(
        "<details open ontoggle={}>",
        "<input autofocus onfocus={}>",
        "<a href='javascript:{}'>a</a>",
        "<math><mi xlink:href='javascript:{}'>",
    ),
    *(
        "'><script>{}</script>",
        '"><script>{}</script>',
        "</p></section><script>{}</script>",
        "</textarea><script>{}</script>",
        "</script><script>{}</script>",
    ),
    *(
        "<!--><script>{}</script>-->",
        "<![CDATA[<script>{}</script>]]>",
        "<style>@import 'javascript:{}';</style>",
        "' onmouseover='{}",
        '" autofocus onfocus="{}',
    ),
    *(
        "${{{}}}",
        "{{{{{}}}}}",
        "{{{{constructor.constructor('{}')()}}}}",
        "<%= {} %>",
        "#{{{}}}",
        "javascript:{}//",
        "data:text/html,<script>{}</script>",
    ),
    *(
        "&lt;script&gt;{}&lt;/script&gt;",
        "\\u003cscript\\u003e{}\\u003c/script\\u003e",
        "%3Cscript%3E{}%3C/script%3E",
        "<x\x00y onclick={}>".replace("\x00", "\x0c"),
    ),
)
_QUERIES = tuple(
    f"{quote}{tail}"
    for quote in ("'", '"', "`", "')", "1;", "\\'")
    for tail in (
        "; DROP TABLE feedback; --",
        " OR 1=1 --",
        " UNION SELECT receipt_hash FROM analysis --",
        "; PRAGMA writable_schema=1 /*",
        " AND 1=(SELECT 1)#",
    )
)
_COMMANDS = (
    *(
        "$(touch /tmp/pwned)",
        "`touch /tmp/pwned`",
        "; ls -la",
        "| cat",
        "&& reboot",
        "|| true",
        "> /dev/null",
        "$HOME",
        "%PATH%",
        "!!",
        "~root",
        "-rf *",
    ),
    *(
        "--help",
        "-",
        "--",
        "@file",
        "%s%s%s%n",
        "%d",
        "%x %p",
        "{0}",
        "{0.__class__.__mro__}",
        "{note}",
        "%(note)s",
        "%*.*s",
        "${jndi:ldap://0.0.0.0/a}",
    ),
    *(
        "../../../../etc/passwd",
        "..\\..\\windows\\win.ini",
        "/etc/passwd%00.jpg",
        "file:///etc/passwd",
        "php://filter/resource=x",
        "\\\\host\\share",
        "....//....//",
    ),
    *(
        "\x1b[31mred\x1b[0m",
        "\x1b]0;title\x07",
        "\x1b[2J",
        "\x9b31m",
        "\x08\x08\x08",
        "\x1bP+q\x1b\\",
        "\r\nSet-Cookie: a=b",
        "a\r\n\r\nb",
        "\r",
        "a\rb",
    ),
    *(
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "=cmd|' /C calc'!A0",
        '=IMPORTXML("//0.0.0.0")',
        "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///'>]>",
    ),
    *(
        "**bold** _it_ `code`",
        "[a](javascript:alert(1))",
        "![a](x)",
        "# head",
        "- list",
        "$$\\frac{1}{2}$$",
        '__i18n__{"key":"submit"}',
        "common.upload",
        ":smile:",
    ),
)

CATEGORIES = {
    "words": _WORDS,
    "numbers": _NUMBERS,
    "scripts of the world": _SCRIPTS,
    "spaces": _SPACES,
    "unseen": _UNSEEN,
    "turning the direction": _TURNING,
    "controls": _CONTROLS,
    "pictures and piles of marks": _PICTURES,
    "code for a browser": tuple(carrier.format(payload) for carrier in _CARRIERS for payload in _PAYLOADS),
    "queries": _QUERIES,
    "commands, formats, paths, terminals, formulas, markup": _COMMANDS,
}
MANY = tuple(dict.fromkeys(text for texts in CATEGORIES.values() for text in texts))
