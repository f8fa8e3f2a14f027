"""stepsolve: worked solutions for the mathematics of deep learning.

    import stepsolve

    derivation = stepsolve.solve("problem.yaml")     # or an open file, or a mapping
    derivation.quantities["df/dx"]                   # numbers by name
    derivation.results["df/dx"]                      # formulas by name
    derivation.checks                                # what confirmed them
    derivation.to_json()                             # all of it, as plain data

    marked = stepsolve.check("work.yaml")            # a hand calculation: the verdict of every line
    marked.first_wrong                               # the first line that goes wrong, or None

Errors derive from `stepsolve.StepsolveError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, BinaryIO, TextIO

from stepsolve.errors import InvalidProblem, StepsolveError

if TYPE_CHECKING:
    from stepsolve.derivation import Derivation
    from stepsolve.marking.verdicts import Marked

__all__ = ["InvalidProblem", "StepsolveError", "__version__", "check", "solve"]
__version__ = "0.1.0"

Source = str | PathLike[str] | TextIO | BinaryIO | Mapping[str, object]


def solve(source: Source, *, method: str | None = None) -> Derivation:
    """The worked solution of a problem: a path (`-` is standard input), an open file or a mapping.

    `method` stands for the problem's own key of this name, which kinds with several ways have.
    Raises `InvalidProblem` with every mistake and its place if the problem cannot be solved as written.
    """
    from stepsolve.problem import derived  # NumPy is loaded on first use, not on import

    if isinstance(source, Mapping):
        from stepsolve.source.mapping import from_mapping

        return derived(from_mapping(source), method)
    if not isinstance(source, str | PathLike) and not hasattr(source, "read"):
        kind = type(source).__name__
        raise InvalidProblem(f"a problem is a path, an open file or a mapping, not a {kind}")
    from stepsolve.source.files import read
    from stepsolve.source.yaml import compose

    return derived(compose(*read(source)), method)


def check(work: Source | Sequence[str], problem: Source | None = None) -> Marked:
    """The verdict of every line of a hand calculation.

    `work` is a path (`-` is standard input) or an open file, with the key `work` or a document with
    equations; or a mapping, or a list of lines. `problem` is the problem that it works on, where the
    work does not say so itself. Raises `InvalidProblem` with every mistake and its place if one of
    the files cannot be used; a line that cannot be read has the verdict `not-read`.
    """
    from stepsolve.marking.check import checked

    return checked(work, problem)
