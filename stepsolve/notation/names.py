"""Names taken apart for printing: `theta_1`, `w0`, `W_hh`, `x'`, `dL/dz_1`, `h(t - 1)`."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from itertools import chain, count, groupby
from typing import Final, NamedTuple

GREEK: Final = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "iota": "ι",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "upsilon": "υ",
    "phi": "φ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
    "Gamma": "Γ",
    "Delta": "Δ",
    "Theta": "Θ",
    "Lambda": "Λ",
    "Xi": "Ξ",
    "Pi": "Π",
    "Sigma": "Σ",
    "Upsilon": "Υ",
    "Phi": "Φ",
    "Psi": "Ψ",
    "Omega": "Ω",
}
"""The Greek letters that LaTeX has commands for: the others look like Latin ones."""


NAME: Final = r"[A-Za-zα-ωΑ-Ω][A-Za-z0-9_α-ωΑ-Ω]*'*"
"""What the name of a quantity is made of, as a regular expression; gradients are made of two."""


_ITERATE: Final = re.compile(r"(?<=.)_step([0-9]+)$")


GRADIENT: Final = "|".join(
    rf"{d}{NAME}/{d}{NAME}|{d}\^[2-9]{NAME}/{d}{NAME}(?:\^[2-9])?(?: {d}{NAME}(?:\^[2-9])?)*"
    for d in "d∂"
)
"""The name of a gradient, as a regular expression: `dL/dz_1`, `d^2f/dx^2`, `d^3f/dy dx^2`."""


class Entry(NamedTuple):
    """The parts of the name of an entry of a sequence: `h` and `t - 1` for `h(t - 1)`."""

    sequence: str
    place: str


class Gradient(NamedTuple):
    """The parts of a gradient's name: `d`, `L` and `z_1` once for `dL/dz_1`; `d` may be `∂`."""

    sign: str
    of: str
    by: tuple[tuple[str, int], ...]

    @property
    def order(self) -> int:
        return sum(times for _, times in self.by)


class Parts(NamedTuple):
    """The parts of a name: `theta`, ``, `1` and no primes for `theta_1`; `w`, `0` for `w0`.

    `iterate` is the number of a step of training, 3 for `W_hh_step3`, or empty.
    """

    stem: str
    digits: str
    subscript: str
    primes: int
    iterate: str = ""


def gradient(name: str) -> Gradient | None:
    """The parts of the name of a gradient; `None` for any other name."""
    above, slash, below = name.partition("/")
    if not slash:
        return None
    sign, of = above[0], above[1:]
    if of[0] == "^":  # its order is that of what stands below
        of = of[2:]
    # a space stands between two parts, but also within h(t - 1)
    parts = (part[1:].partition("^") for part in re.split(r" (?=[d∂])", below))
    return Gradient(sign, of, tuple((by, int(times or 1)) for by, _, times in parts))


def gradient_name(of: str, *by: str) -> str:
    """The derivative of a quantity by others in turn: `df/dx`, `d^2f/dx^2`; y before x is `dx dy`."""
    if len(by) == 1:
        return f"d{of}/d{by[0]}"
    runs = [(name, len(list(same))) for name, same in groupby(reversed(by))]
    below = " ".join(f"d{name}" + (f"^{times}" if times > 1 else "") for name, times in runs)
    return f"d^{len(by)}{of}/{below}"


def entry(name: str) -> Entry | None:
    """The parts of the name of an entry of a sequence; `None` for any other name."""
    sequence, bracket, index = name.partition("(")
    return Entry(sequence, index.removesuffix(")")) if bracket else None


def parts(name: str) -> Parts:
    """The parts of a name, not a gradient's. Underscores that index nothing stay in the stem."""
    core = name.rstrip("'")
    primes = len(name) - len(core)
    step = _ITERATE.search(core)
    core = core[: step.start()] if step else core
    head, _, subscript = core.partition("_")
    if not subscript or subscript[0] == "_" or subscript[-1] == "_":
        head, subscript = core, ""
    stem = head.rstrip("0123456789")
    return Parts(stem, head[len(stem) :], subscript, primes, step[1] if step else "")


def free_name(usual: Sequence[str], taken: Container[str]) -> str:
    """The first of some usual names that is not taken, or else the first one with a number."""
    numbered = (f"{usual[0]}_{k}" for k in count(1))
    return next(name for name in chain(usual, numbered) if name not in taken)
