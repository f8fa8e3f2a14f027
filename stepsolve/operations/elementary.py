"""The elementary functions: exponentials, logarithms, roots, sizes and whole parts."""

from __future__ import annotations

from functools import reduce
from math import erf as _erf
from typing import Any

import numpy as np

from stepsolve.operations.operation import VARIADIC, Operation, parameters


def _log2(mp: Any, a: Any) -> Any:
    return mp.log(a) / mp.log(2)


def _expression_log(base: str) -> str:
    return f"log(a) / log({base})"


def _is_odd(n: Any) -> Any:
    return np.mod(n, 2.0) == 1.0


def _root(a: Any, n: Any) -> Any:
    a, n = np.asarray(a, float), np.asarray(n, float)
    size = np.power(np.abs(a), np.where(n == 0, np.nan, np.true_divide(1.0, n)))
    return np.where(a >= 0, size, np.where(_is_odd(n), -size, np.nan))[()]


def _precise_root(mp: Any, a: Any, n: Any) -> Any:
    if a >= 0:
        return a ** (1 / n)
    if n % 2 != 1:
        raise ValueError
    return -((-a) ** (1 / n))


def _log_sum_exp(mp: Any, *arguments: Any) -> Any:
    largest = max(arguments)
    return largest + mp.log(mp.fsum(mp.exp(a - largest) for a in arguments))


ROWS = (
    Operation(
        "exp",
        numpy=np.exp,
        precise="exp",
        local=("y",),
        sympy="exp",
        latex=r"e^{#1}",
        description="exponential function",
        source="DLMF 4.2.19",
    ),
    Operation(
        "log",
        numpy=np.log,
        precise="log",
        local=("1 / a",),
        sympy="log",
        latex=r"\ln\left(#1\right)",
        text="ln(#1)",
        domain=((0.2, 6.0),),
        condition="a > 0",
        aliases=("ln",),
        description="natural logarithm",
        source="DLMF 4.2.2",
    ),
    Operation(
        "log2",
        numpy=np.log2,
        precise=_log2,
        local=("1 / (a * log(2))",),
        definition=_expression_log("2"),
        text="log₂(#1)",
        latex=r"\log_{2}\left(#1\right)",
        domain=((0.2, 6.0),),
        condition="a > 0",
        description="logarithm to base 2",
        source="DLMF 4.2.10",
    ),
    Operation(
        "log10",
        numpy=np.log10,
        precise="log10",
        local=("1 / (a * log(10))",),
        definition=_expression_log("10"),
        text="log₁₀(#1)",
        latex=r"\log_{10}\left(#1\right)",
        domain=((0.2, 6.0),),
        condition="a > 0",
        description="logarithm to base 10",
        source="DLMF 4.2.15",
    ),
    Operation(
        "log_base",
        numpy=lambda a, b: np.true_divide(np.log(a), np.log(b)),
        precise=lambda mp, a, b: mp.log(a, b),
        local=("1 / (a * log(b))", "-log(a) / (b * log(b)^2)"),
        arity=(2, 2),
        overloads="log",
        sympy="log",
        definition="log(a) / log(b)",
        recognised=False,
        text="log_#2(#1)",
        latex=r"\log_{#2}\left(#1\right)",
        domain=((0.2, 6.0), (1.5, 12.0)),
        condition="a > 0, b > 0 and b != 1",
        description="logarithm of its first argument to the base that is its second",
        source="DLMF 4.2.10",
    ),
    Operation(
        "logsumexp",
        numpy=lambda *arguments: reduce(np.logaddexp, arguments, -np.inf),
        precise=_log_sum_exp,
        local=lambda count: tuple(f"exp({name} - y)" for name in parameters(count)),
        arity=(1, VARIADIC),
        definition=lambda count: f"log({' + '.join(f'exp({name})' for name in parameters(count))})",
        recognised=False,
        latex=r"\operatorname{logsumexp}\left(#*\right)",
        description="logarithm of the sum of the exponentials",
        source="Goodfellow, Bengio, Courville, Deep Learning (2016), 4.1",
    ),
    Operation(
        "sqrt",
        numpy=np.sqrt,
        precise="sqrt",
        local=("1 / (2 * y)",),
        sympy="sqrt",
        text="√(#1)",
        latex=r"\sqrt{#1}",
        domain=((0.2, 6.0),),
        condition="a >= 0",
        description="square root",
        source="DLMF 4.2.26",
    ),
    Operation(
        "cbrt",
        numpy=np.cbrt,
        precise=lambda mp, a: mp.sign(a) * mp.cbrt(abs(a)),
        local=("1 / (3 * y^2)",),
        definition="root(a, 3)",
        recognised=False,
        text="∛(#1)",
        latex=r"\sqrt[3]{#1}",
        description="cube root, real also of negative numbers",
        source="DLMF 1.10.1",
    ),
    Operation(
        "root",
        numpy=_root,
        precise=_precise_root,
        local=("1 / (b * y^(b - 1))", "-y * log(a) / b^2"),
        arity=(2, 2),
        text="√[#2](#1)",
        latex=r"\sqrt[#2]{#1}",
        domain=((0.2, 6.0), (1.0, 5.0)),
        condition="a >= 0, or b an odd whole number",
        description="real root: the number whose power with the second argument is the first",
        source="Stewart, Calculus, 8th ed., appendix A",
    ),
    Operation(
        "abs",
        numpy=np.abs,
        precise=lambda mp, a: abs(a),
        local=("sign(a)",),
        sympy="Abs",
        text="|#1|",
        latex=r"\left|#1\right|",
        kinks="zero",
        convention="|a|' = 0 at a = 0",
        description="absolute value",
        source="DLMF 1.9.7",
    ),
    Operation(
        "sign",
        numpy=np.sign,
        precise=lambda mp, a: mp.sign(a),
        local=("0",),
        sympy="sign",
        latex=r"\operatorname{sign}\left(#1\right)",
        kinks="zero",
        convention="sign'(a) = 0, also at the jump a = 0",
        description="1 for positive, -1 for negative, 0 for zero",
        source="DLMF 1.16.57",
    ),
    Operation(
        "floor",
        numpy=np.floor,
        precise="floor",
        local=("0",),
        sympy="floor",
        text="⌊#1⌋",
        latex=r"\left\lfloor #1\right\rfloor",
        kinks="jumps",
        convention="floor'(a) = 0, also at its jumps",
        description="the largest whole number that is not larger",
        source="Graham, Knuth, Patashnik, Concrete Mathematics, 3.1",
    ),
    Operation(
        "ceil",
        numpy=np.ceil,
        precise="ceil",
        local=("0",),
        sympy="ceiling",
        text="⌈#1⌉",
        latex=r"\left\lceil #1\right\rceil",
        kinks="jumps",
        convention="ceil'(a) = 0, also at its jumps",
        description="the smallest whole number that is not smaller",
        source="Graham, Knuth, Patashnik, Concrete Mathematics, 3.1",
    ),
    Operation(
        "erf",
        numpy=np.vectorize(_erf, otypes=[float]),
        precise="erf",
        local=("2 / sqrt(pi) * exp(-a^2)",),
        sympy="erf",
        latex=r"\operatorname{erf}\left(#1\right)",
        description="error function",
        source="DLMF 7.2.1",
    ),
)
