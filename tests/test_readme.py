from __future__ import annotations

import re

from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def documented_codes() -> set[str]:
    """Return the rejection codes that README.md explains."""
    section = README.partition("Reasons for a rejection:")[2].partition("A manifest is")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def test_every_rejection_code_is_explained() -> None:
    files = [*(ROOT / "laanet_core").rglob("*.py"), *(ROOT / "webapp" / "media").rglob("*.py")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in files)
    # `no_face` is an outcome and `prepare`'s code, not a rejection.
    codes = set(re.findall(r'(?:UnreadableMedia|ErrorInfo)\(\s*"(\w+)"', source)) - {"no_face"}
    assert len(codes) >= 8
    assert codes == documented_codes()


def test_every_link_target_exists() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_every_refusal_code_is_listed() -> None:
    # The codes of these packages are for moderators and listed in docs/moderating.md.
    desk = (
        "services/accounts/",
        "services/moderation/",
        "services/label_quality/",
        "services/training/",
        "services/model_registry/",
        "ui/auth/",
        "ui/desk/",
        "ui/pages/desk/",
    )
    files = [
        path for path in (ROOT / "webapp").rglob("*.py") if not any(part in path.as_posix() for part in desk)
    ]
    source = "\n".join(path.read_text(encoding="utf-8") for path in files)
    codes = set(re.findall(r'(?:Refused|_failing_as|_answer)\((?:\d+, )?\s*"(\w+)"', source))
    assert len(codes) >= 15
    listed = {
        code
        for row in re.findall(r"^\| \d{3} \|.*$", README, re.MULTILINE)
        for code in re.findall(r"`(\w+)`", row)
    }
    assert codes <= listed


def test_every_code_of_the_moderators_desk_is_listed() -> None:
    listed = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "moderating.md").read_text(encoding="utf-8")))
    folders = [
        f"webapp/{name}"
        for name in (
            "services/accounts",
            "services/moderation",
            "services/label_quality",
            "services/training",
            "services/model_registry",
            "ui/auth",
            "ui/desk",
            "ui/pages/desk",
        )
    ]
    source = "\n".join(
        path.read_text(encoding="utf-8") for folder in folders for path in (ROOT / folder).rglob("*.py")
    )
    codes = set(re.findall(r'(?:Refused|_error)\((?:\d+, )?\s*"(\w+)"', source))
    assert len(codes) >= 25
    assert codes <= listed
