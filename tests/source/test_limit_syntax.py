"""Limits in the expression language."""

from __future__ import annotations

import pytest

from stepsolve.errors import ExpressionError
from stepsolve.notation.plain import plain
from stepsolve.source.expression import parse


@pytest.mark.parametrize(
    "text", ["limit(x, x)", "limit(x, 2, 0)", "limit(x, x, 0, left)", "limit(x, x, 0, above, 1)"]
)
def test_a_limit_is_an_expression_a_name_a_target_and_a_side(text: str) -> None:
    with pytest.raises(ExpressionError, match="limit"):
        parse(text)
    assert plain(parse("limit(1 / x, x, -inf)")) == "limit(1 / x, x, -inf)"
