r"""The commands of LaTeX that are read, as rows: what each means, or how much of it is left out."""

from __future__ import annotations

import re
from typing import Final

from stepsolve.notation.names import GREEK
from stepsolve.operations.table import ALIASES, ARRAYS, OPERATIONS, TENSORS, row_of

_WRITTEN_LATEX = re.compile(r"\\operatorname\{(\w+)\}\\left\(#[*1]\\right\)$")


def _callable_words() -> dict[str, str]:
    """Every word that may be called, in lower case without signs: `leakyrelu`, `mse`, `arctan`."""
    tables = (OPERATIONS, TENSORS, ARRAYS)
    rows = {name: name for table in tables for name, row in table.items() if row.is_call}
    found = {name.replace("_", ""): name for name in rows} | ALIASES
    for name in rows:
        row = row_of(name)
        if row is not None and (written := _WRITTEN_LATEX.match(row.latex)):
            found.setdefault(written[1].lower(), name)
    for name in ("where", "piecewise", "eye", "zeros", "ones", "logbase"):
        found.pop(name, None)  # written otherwise by hand
    return found | {"lg": "log10", "crossentropy": "cross_entropy"}


CALLS: Final = _callable_words()
"""The operation that a word means where it is called, by the word in lower case without signs."""


def called(word: str) -> str | None:
    """The operation that a word of text means where it is called: `relu` for `ReLU`."""
    return CALLS.get(word) or CALLS.get("".join(filter(str.isalnum, word)).lower())


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _of_kind(kind: str, meanings: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {c: (kind, text) for text, commands in meanings.items() for c in commands.split()}


MEANINGS: Final[dict[str, tuple[str, str]]] = (
    {name: ("name", name) for name in GREEK}
    | {f"var{name}": ("name", name) for name in GREEK}
    | {"ell": ("name", "ell"), "infty": ("name", "inf"), "omicron": ("name", "o")}
    | {"imath": ("run", "i"), "jmath": ("run", "j")}
    | {word: ("function", name) for word, name in CALLS.items() if word not in GREEK}
    | _of_kind(
        "sign",
        {
            "*": "times cdot ast star cdotp",
            "/": "div slash",
            "⊙": "odot circ circledcirc",
            "frac": "frac dfrac tfrac cfrac",
            "sqrt": "sqrt",
            "∑": "sum",
            "lim": "lim",
            "∂": "partial",
            "∇": "nabla",
            "'": "prime",
            "top": "top intercal",
            "|": "vert mid",
            "|(": "lvert",
            "|)": "rvert",
            "‖": "| Vert parallel",
            "‖(": "lVert",
            "‖)": "rVert",
            "(": "lparen",
            ")": "rparen",
            "[": "lbrack",
            "]": "rbrack",
            "\\{": "{ lbrace",
            "\\}": "} rbrace",
            "⌊": "lfloor",
            "⌋": "rfloor",
            "⌈": "lceil",
            "⌉": "rceil",
            "_": "_",
            "d": "dd differentialD",
            ":": "colon",
        },
    )
    | _of_kind(
        "relation",
        {
            "=": "equiv triangleq coloneqq coloneq leftarrow gets",
            "≈": "approx simeq sim cong doteq thickapprox approxeq",
            "⇒": "Rightarrow implies Longrightarrow to rightarrow longrightarrow iff leadsto "
            "Leftrightarrow",
            "<": "lt",
            "≤": "le leq leqslant",
            ">": "gt",
            "≥": "ge geq geqslant",
            "≠": "ne neq",
        },
    )
    | _of_kind("start", {"∴": "therefore", "∵": "because"})
    | _of_kind("mark", {"✓": "checkmark", "□": "square Box blacksquare qed"})
    | _of_kind("break", {"\\\\": "\\ newline cr", "quad": "quad qquad"})
    | _of_kind(
        "accent",
        {"hat": "hat widehat", "bar": "bar overline", "tilde": "tilde widetilde", "dot": "dot"},
    )
    | _of_kind("box", {"": "boxed cancel bcancel xcancel fbox mathbox framebox"})
)

NOTHING: Final = _set(
    ", ; : ! > displaystyle textstyle scriptstyle limits nolimits big Big bigg Bigg bigl "
    "bigr Bigl Bigr biggl biggr Biggl Biggr bigm Bigm middle mathbf boldsymbol bm vec "
    "mathcal mathscr mathfrak mathbb underline uline nonumber notag allowbreak noindent "
    "left right thinspace negthinspace medspace thickspace enspace mathord mathbin "
    "mathrel mathop mathopen mathclose bf rm it hfill small large Large normalsize "
    "centering mathstrut strut underbrace overbrace smash ensuremath"
) | {" ", "\n", "\t"}
"""Commands that say how a thing looks: what they hold is read as if they were not there."""

SKIPPED: Final = _set(
    "color textcolor tag label hspace vspace phantom hphantom vphantom overset stackrel underset"
)
"""Commands whose argument in braces says nothing about numbers."""
THEN: Final = dict.fromkeys(("underbrace", "overbrace"), "brace") | dict.fromkeys(
    ("color", "textcolor", "overset", "underset", "stackrel"), "box"
)
"""The kind of token that a command gives besides, for what follows it."""
UPRIGHT: Final = _set(
    "text mathrm operatorname textrm textbf textit mbox mathit mathsf mathtt texttt hbox textsf"
)
LAID_OUT: Final = frozenset(
    "aligned align gathered gather split equation alignedat eqnarray multline".split()  # noqa: SIM905
)
MATRICES: Final = frozenset(
    "matrix bmatrix pmatrix Bmatrix smallmatrix bsmallmatrix psmallmatrix array".split()  # noqa: SIM905
)
