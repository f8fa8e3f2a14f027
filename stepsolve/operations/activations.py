"""The activation functions of neural networks."""

from __future__ import annotations

from math import erfc as _erfc
from typing import Any

import numpy as np

from stepsolve.operations.operation import Operation

_complementary_erf = np.vectorize(_erfc, otypes=[float])
AT_THRESHOLD = 1e-12
"""So near to 0 a number is 0 to a step: 0.1 + 0.2 - 0.3 meets a threshold also in float64."""
_SLOPE = ((-4.0, 4.0), (0.05, 1.5))


def _sigmoid(a: Any) -> Any:
    # e^a / (1 + e^a) below 0 and 1 / (1 + e^-a) above: never overflows
    return np.exp(np.minimum(a, 0.0)) / (1.0 + np.exp(-np.abs(a)))


def _elu(a: Any, b: Any) -> Any:
    return np.where(np.asarray(a) > 0, a, b * np.expm1(np.minimum(a, 0.0)))


def _step(a: Any, b: Any) -> Any:
    return np.where(np.abs(a) <= AT_THRESHOLD, b, np.asarray(a) > 0)


def _mish(mp: Any, a: Any) -> Any:
    power = mp.exp(a)
    excess = power * (power + 2)  # (1 + e^a)^2 - 1, whose digits do not cancel
    return a * excess / (excess + 2)


ROWS = (
    Operation(
        "sigmoid",
        numpy=_sigmoid,
        precise=lambda mp, a: 1 / (1 + mp.exp(-a)),
        local=("y * (1 - y)",),
        definition="1 / (1 + exp(-a))",
        forms=("exp(a) / (1 + exp(a))",),
        text="σ(#1)",
        latex=r"\sigma\left(#1\right)",
        domain=((-6.0, 6.0),),
        description="logistic function",
        source="Goodfellow, Bengio, Courville, Deep Learning (2016), 3.10",
    ),
    Operation(
        "softplus",
        numpy=lambda a: np.logaddexp(0.0, a),
        precise=lambda mp, a: mp.log1p(mp.exp(a)),
        local=("sigmoid(a)",),
        definition="log(1 + exp(a))",
        description="smooth form of relu",
        source="Dugas et al., Incorporating second-order functional knowledge (2001)",
    ),
    Operation(
        "relu",
        numpy=lambda a: np.maximum(a, 0.0),
        precise=lambda mp, a: a if a > 0 else mp.mpf(0),
        local=("a > 0",),
        definition="max(0, a)",
        kinks="zero",
        convention="relu'(0) = 0",
        pattern="relu gates: open where its input is positive",
        description="rectified linear unit",
        latex=r"\operatorname{ReLU}\left(#1\right)",
        source="Nair, Hinton, Rectified linear units improve restricted Boltzmann machines (2010)",
    ),
    Operation(
        "leaky_relu",
        numpy=lambda a, b: np.where(np.asarray(a) > 0, a, b * np.asarray(a)),
        precise=lambda mp, a, b: a if a > 0 else b * a,
        local=("where(a > 0, 1, b)", "where(a > 0, 0, a)"),
        definition="where(a > 0, a, b * a)",
        arity=(1, 2),
        defaults=("0.01",),
        domain=_SLOPE,
        kinks="zero",
        convention="leaky_relu'(0) is the slope on the left",
        description="relu with a small slope (0.01 unless given) for negative inputs",
        latex=r"\operatorname{LeakyReLU}\left(#*\right)",
        source="Maas, Hannun, Ng, Rectifier nonlinearities improve acoustic models (2013)",
    ),
    Operation(
        "elu",
        numpy=_elu,
        precise=lambda mp, a, b: a if a > 0 else b * mp.expm1(a),
        local=("where(a > 0, 1, b * exp(a))", "where(a > 0, 0, exp(a) - 1)"),
        definition="where(a > 0, a, b * (exp(a) - 1))",
        arity=(1, 2),
        defaults=("1",),
        domain=_SLOPE,
        kinks="zero",
        convention="elu'(0) is the slope on the left",
        description="exponential linear unit, with scale 1 unless given",
        latex=r"\operatorname{ELU}\left(#*\right)",
        source="Clevert, Unterthiner, Hochreiter, Fast and accurate deep network learning (2016)",
    ),
    Operation(
        "gelu",
        numpy=lambda a: 0.5 * np.asarray(a) * _complementary_erf(-np.asarray(a) / np.sqrt(2.0)),
        precise=lambda mp, a: a * mp.ncdf(a),
        local=("(1 + erf(a / sqrt(2))) / 2 + a * exp(-a^2 / 2) / sqrt(2 * pi)",),
        definition="a * (1 + erf(a / sqrt(2))) / 2",
        latex=r"\operatorname{GELU}\left(#1\right)",
        description="Gaussian error linear unit, in its exact form",
        source="Hendrycks, Gimpel, Gaussian error linear units (2016)",
    ),
    Operation(
        "silu",
        numpy=lambda a: a * _sigmoid(a),
        precise=lambda mp, a: a / (1 + mp.exp(-a)),
        local=("y + sigmoid(a) * (1 - y)",),
        definition="a * sigmoid(a)",
        recognised=False,
        latex=r"\operatorname{SiLU}\left(#1\right)",
        aliases=("swish",),
        description="sigmoid-weighted linear unit",
        source="Elfwing, Uchibe, Doya, Sigmoid-weighted linear units (2018)",
    ),
    Operation(
        "mish",
        numpy=lambda a: a * np.tanh(np.logaddexp(0.0, a)),
        precise=_mish,
        local=("tanh(softplus(a)) + a * sigmoid(a) * (1 - tanh(softplus(a))^2)",),
        definition="a * tanh(softplus(a))",
        recognised=False,
        description="smooth unit, a * tanh(softplus(a))",
        source="Misra, Mish: a self regularized non-monotonic activation function (2020)",
    ),
    Operation(
        "softsign",
        numpy=lambda a: a / (1.0 + np.abs(a)),
        precise=lambda mp, a: a / (1 + abs(a)),
        local=("1 / (1 + abs(a))^2",),
        definition="a / (1 + abs(a))",
        recognised=False,
        description="a / (1 + |a|), between -1 and 1",
        source="Bergstra et al., Quadratic polynomials learn better image features (2009)",
    ),
    Operation(
        "step",
        numpy=_step,
        precise=lambda mp, a, b: b if abs(a) <= AT_THRESHOLD else mp.mpf(a > 0),
        local=("0", "where(a == 0, 1, 0)"),
        definition="where(a > 0, 1, where(a == 0, b, 0))",
        recognised=False,
        arity=(1, 2),
        defaults=("0",),
        domain=((-4.0, 4.0), (0.0, 1.0)),
        kinks="zero",
        convention="step'(a) = 0, also at the jump a = 0",
        description="1 for a > 0, 0 for a < 0, and at the threshold a = 0 its second argument "
        "(0 unless given); what is within 1e-12 of 0 counts as 0",
        latex=r"\operatorname{step}\left(#*\right)",
        source="Rosenblatt, The Perceptron (1958); DLMF 1.16.13",
    ),
)
