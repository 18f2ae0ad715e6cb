"""The house style as ceilings that only fall."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.style import measures
from tests.style.measures import Finding

MAX_INDIRECT_SHARE = 0.01
MIN_SHAPE_SHARE = 0.80
MIN_MIRRORED_SHARE = 0.95

FORBIDDEN = (
    measures.old_words,
    measures.long_lines,
    measures.duplicate_classes,
    measures.private_members,
    measures.trailing_comments,
)


def listing(findings: list[Finding]) -> str:
    return "\n".join(f"{one.path}:{one.line}: {one.text}" for one in findings[:30])


@pytest.mark.parametrize("rule", FORBIDDEN, ids=lambda rule: rule.__name__)
def test_nothing_is_found(rule: Callable[[], Iterator[Finding]]) -> None:
    findings = list(rule())
    assert not findings, f"{len(findings)} findings\n{listing(findings)}"


def test_docstrings_open_with_a_noun_or_an_imperative() -> None:
    findings = list(measures.indirect_docstrings())
    assert len(findings) <= MAX_INDIRECT_SHARE * measures.docstring_count(), listing(findings)


def test_array_functions_state_shapes() -> None:
    functions = list(measures.array_functions())
    assert len(functions) > 50
    stated = sum(function.states_shape for function in functions)
    assert stated >= MIN_SHAPE_SHARE * len(functions), listing(list(measures.shapeless()))


def test_modules_have_mirrored_tests() -> None:
    modules, missing = measures.modules(), list(measures.unmirrored())
    assert len(modules) > 200
    assert len(missing) <= (1 - MIN_MIRRORED_SHARE) * len(modules), listing(missing)
