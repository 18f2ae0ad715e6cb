"""Names of files that programs have stumbled over, as a browser may send them."""

from __future__ import annotations

NAMES = (
    *(
        "<img src=x onerror=alert(1)>.jpg",
        "<script>window.pwned=1</script>.png",
        '"quoted".jpg',
        "it's.jpg",
        "`tick`.jpg",
        "a&amp;b.jpg",
        "a%20b%2F.jpg",
    ),
    *(
        "\u202egpj.exe",
        "\u2066\u202eתמונה\u2069.jpg",
        "صورة.jpg",
        "写真 一.jpg",
        "👩‍👩‍👧‍👦🏳️‍🌈.jpg",
        "z\u0351\u036b\u0343algo.jpg",
        "e\u0301.jpg",
        "é.jpg",
    ),
    *(
        ".hidden.jpg",
        "..jpg",
        "-rf.jpg",
        "--help",
        "CON.jpg",
        "nul",
        "LPT1.png",
        "name. ",
        "  spaces  .jpg",
        "no extension",
        "a;b|c$(d).jpg",
        "*?:.jpg",
    ),
    *(
        "n" * 251 + ".jpg",
        "中" * 83 + ".jpeg",
        "'; DROP TABLE analysis; --.jpg",
        "=1+1.csv",
        "{{7*7}}${7*7}.jpg",
        "%s%n.jpg",
        '__i18n__{"key":"a"}.jpg',
    ),
)
