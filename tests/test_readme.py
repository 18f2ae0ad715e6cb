from __future__ import annotations

import re

from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def documented_codes() -> set[str]:
    """The codes of a rejection that README.md explains."""
    section = README.partition("Reasons for a rejection:")[2].partition("A manifest is")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def test_every_code_of_a_rejection_is_explained() -> None:
    files = [*(ROOT / "laanet_core").rglob("*.py"), *(ROOT / "webapp" / "media").rglob("*.py")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in files)
    codes = set(re.findall(r'(?:UnreadableMedia|ErrorInfo)\(\s*"(\w+)"', source)) - {
        "no_face"
    }  # an outcome, and `prepare`'s word
    assert len(codes) >= 8
    assert codes == documented_codes()


def test_what_the_readme_points_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_every_code_of_a_refusal_is_listed() -> None:
    desk = (
        "services/accounts/",
        "services/moderation/",
        "services/label_quality/",
        "services/training/",
        "services/model_registry/",
        "ui/auth/",
        "ui/desk/",
        "ui/pages/desk/",
    )  # moderators': docs/moderating.md
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


def test_every_code_of_the_desk_is_listed() -> None:
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
