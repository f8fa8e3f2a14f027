"""Families of distributions whose parameters are estimated: a row each.

Texts are in the expression language, over the parameters, the statistics and the sample x. A log-
likelihood is written with statistics of the sample, so that one formula holds for samples of any size.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Rearranged(NamedTuple):
    """An equation that comes of "derivative = 0": `left = right`, once multiplied by a factor."""

    left: str
    right: str
    factor: str
    because: str


class Parameter(NamedTuple):
    """A parameter, the way from its stationary point to its estimate, and values near that.

    `estimate` is over the statistics and the estimates before it.
    """

    name: str
    equations: tuple[Rearranged, ...]
    estimate: str
    near: tuple[str, str]
    direct: str = ""
    """The estimate from the sample itself, to confirm the one from the statistics."""


class Family(NamedTuple):
    """A distribution; its parameters, what one observation x has as probability or density, in words.

    `likelihood` is that of a sample, `each` the logarithm of one observation's, without what does not
    hang on the parameters. `values` says what may be observed.
    """

    parameters: tuple[Parameter, ...]
    probability: str
    statistics: tuple[tuple[str, str, str], ...]
    likelihood: str
    log_likelihood: str
    each: str
    values: str
    told: str = ""


_SUM: Final = ("s", "sum(x)", "their sum")


def _proportion(trials: str) -> Parameter:
    """Of a probability p of k successes in so many trials."""
    return Parameter(
        "p",
        (Rearranged("k", f"{trials} * p", "p * (1 - p)", "times p (1 − p)"),),
        f"k / {trials}",
        ("0.99 * p_hat", "p_hat + 0.01 * (1 - p_hat)"),
    )


_SQUARES: Final = "(q + n * (m - mu)^2)"

FAMILIES: Final = {
    "bernoulli": Family(
        (_proportion("n"),),
        "P(x) = p^x (1 − p)^(1 − x): p for 1, 1 − p for 0",
        (("k", "sum(x)", "how many ones"),),
        "p^k * (1 - p)^(n - k)",
        "k * log(p) + (n - k) * log(1 - p)",
        "x * log(p) + (1 - x) * log(1 - p)",
        "binary",
    ),
    "binomial": Family(
        (_proportion("m"),),
        "P(x) = C(N, x) p^x (1 − p)^(N − x), the chance of x successes in N trials",
        (("k", "sum(x)", "successes in all"), ("m", "n * N", "trials in all")),
        "K * p^k * (1 - p)^(m - k)",
        "c + k * log(p) + (m - k) * log(1 - p)",
        "x * log(p) + (N - x) * log(1 - p)",
        "trials",
        "K is the product of the binomial coefficients C(N, x), and c = log K: neither hangs on p",
    ),
    "categorical": Family(
        (
            Parameter(
                "p_i",
                (Rearranged("k_i", "lambda * p_i", "p_i", "times p_i"),),
                "k / n",
                ("", ""),
            ),
        ),
        "P(x) = p_x, a probability for every class",
        (),
        "",
        "k_i * log(p_i) + lambda * (1 - p_i - r)",
        "",
        "classes",
        "The probabilities sum to 1, so a multiplier λ (Lagrange) goes with 1 − p_i − r, where r is "
        "the sum of the other probabilities; the terms of other classes do not hang on p_i",
    ),
    "poisson": Family(
        (
            Parameter(
                "lambda",
                (Rearranged("s", "n * lambda", "lambda", "times λ"),),
                "s / n",
                ("0.99 * lambda_hat", "1.01 * lambda_hat"),
                "mean(x)",
            ),
        ),
        "P(x) = λ^x e^(−λ) / x!, for whole x from 0",
        (_SUM,),
        "lambda^s * exp(-n * lambda) / K",
        "s * log(lambda) - n * lambda - c",
        "x * log(lambda) - lambda",
        "counts",
        "K is the product of all x!, and c = log K: neither hangs on λ",
    ),
    "exponential": Family(
        (
            Parameter(
                "lambda",
                (Rearranged("n", "lambda * s", "lambda", "times λ"),),
                "n / s",
                ("0.99 * lambda_hat", "1.01 * lambda_hat"),
                "1 / mean(x)",
            ),
        ),
        "The density is λ e^(−λ x), for x ≥ 0",
        (_SUM,),
        "lambda^n * exp(-lambda * s)",
        "n * log(lambda) - lambda * s",
        "log(lambda) - lambda * x",
        "positive",
    ),
    "normal": Family(
        (
            Parameter(
                "mu",
                (Rearranged("m", "mu", "sigma^2 / n", "times σ² / n"),),
                "m",
                ("mu_hat - 0.01 * sigma_hat", "mu_hat + 0.01 * sigma_hat"),
                "sum(x) / n",
            ),
            Parameter(
                "sigma",
                (Rearranged(_SQUARES, "n * sigma^2", "sigma^3", "times σ³"),),
                "sqrt((q + n * (m - mu_hat)^2) / n)",
                ("0.99 * sigma_hat", "1.01 * sigma_hat"),
                "sqrt(mean((x - mu_hat)^2))",
            ),
        ),
        "The density is e^(−(x − μ)² / (2 σ²)) / (σ √(2π))",
        (("m", "mean(x)", "their mean"), ("q", "sum((x - m)^2)", "their squares around it")),
        f"exp(-{_SQUARES} / (2 * sigma^2)) / (sigma * sqrt(2 * pi))^n",
        f"-n * log(sigma) - n / 2 * log(2 * pi) - {_SQUARES} / (2 * sigma^2)",
        "-log(sigma) - log(2 * pi) / 2 - (x - mu)^2 / (2 * sigma^2)",
        "real",
        "m is the mean of the sample and q the sum of all (x − m)²; that of all (x − μ)² is "
        "q + n (m − μ)², since the x − m sum to 0",
    ),
}
