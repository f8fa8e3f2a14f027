"""The only bridge to SymPy: what is true, never what is shown."""

from stepsolve.algebra.judge import Judge
from stepsolve.algebra.translation import Untranslatable, to_sympy

__all__ = ["Judge", "Untranslatable", "to_sympy"]
