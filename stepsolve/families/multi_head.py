"""What the kinds with several heads have in common: inputs, heads, their weights and their sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stepsolve.derivation import Block, Detail, Table
from stepsolve.families.attention import AttentionProblem
from stepsolve.notation.tree import Name
from stepsolve.source.arrays import GivenArray, array, given_arrays
from stepsolve.source.fields import entry, integer
from stepsolve.source.report import Report
from stepsolve.source.weights import Weight, check_weight_sizes
from stepsolve.worksheet.attention import PROJECTED, Heads
from stepsolve.worksheet.sheet import Sheet

if TYPE_CHECKING:
    from stepsolve.worksheet.solved import Solved

_ROWS = "one row for every column of what it is multiplied with"


@dataclass(frozen=True)
class MultiHeadProblem(AttentionProblem):
    """Attention by heads, from rows of tokens."""

    inputs: GivenArray = entry(array, "A row for every token.", examples=([[1, 0], [0.5, 1]],))
    heads: int = entry(
        integer(1, 64),
        "How many heads there are; all have the same width.",
        default=1,
        examples=(2,),
    )
    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "W_Q, W_K, W_V of all heads side by side, or W_Q_1, W_K_1, W_V_1, W_Q_2, ... of each; W_O "
        "after them; biases b_Q, b_K, b_V, b_O if there are any.",
        examples=({f"W_{name}": {"shape": [2, 2], "seed": k} for k, name in enumerate("QKVO")},),
    )

    def check_rows(self, name: str, report: Report) -> bool:
        """Whether a key of the file is rows of numbers, or a symbol with two sizes."""
        given: GivenArray | None = getattr(self, name)
        if given is None or len(given.dims) == 2:
            return True
        told = f"{name} are rows, a list of lists"
        report.add(given.node.diagnose(told, "or {shape: [3, 4]} for symbols"))
        return False

    @cached_property
    def by_name(self) -> dict[str, GivenArray]:
        """The weights by name."""
        return {weight.name: weight for weight in self.weights}

    @property
    def have_own(self) -> bool:
        """Whether every head has weights of its own."""
        return "W_Q_1" in self.by_name

    def _width(self, name: str, otherwise: int) -> int:
        """How many columns a weight has."""
        found = self.by_name.get(name)
        return found.dims[1] if found and len(found.dims) == 2 else otherwise

    @property
    def widths(self) -> tuple[int, int]:
        """The widths of the keys and of the values of one head."""
        width = self.inputs.dims[1]
        if self.have_own:
            keys = self._width("W_Q_1", width)
            return keys, self._width("W_V_1", keys)
        keys = self._width("W_Q", width)
        return keys // self.heads, self._width("W_V", keys) // self.heads

    def head_weights(self, memory: int, output: int | None) -> dict[str, Weight]:
        """The weights of the heads, for a memory of a width; `output` is the width after W_O."""
        own, (keys, values) = self.inputs.dims[1], self.widths
        rows = {"Q": own, "K": memory, "V": memory}
        wide = {"Q": keys, "K": keys, "V": values}
        wanted: dict[str, Weight] = {}
        if self.have_own:
            for head in range(1, self.heads + 1):
                for p in PROJECTED:
                    wanted[f"W_{p}_{head}"] = Weight((rows[p], wide[p]), _ROWS)
        else:
            for p in PROJECTED:
                wanted[f"W_{p}"] = Weight((rows[p], wide[p] * self.heads), _ROWS)
            for p in PROJECTED:
                because = f"one entry for every column of W_{p}"
                wanted[f"b_{p}"] = Weight((wide[p] * self.heads,), because, optional=True)
        after = output or self._width("W_O", own)
        wanted["W_O"] = Weight((values * self.heads, after), "the heads side by side are its input")
        wanted["b_O"] = Weight((after,), "one entry for every column of W_O", optional=True)
        return wanted

    def check_heads(self, wanted: dict[str, Weight], report: Report) -> bool:
        """Whether the columns can be shared among the heads and the weights are those wanted."""
        divided = True
        for name in ("W_Q", "W_V"):
            columns = self._width(name, 0)
            if name in self.by_name and columns % self.heads:
                told = f"{columns} columns of {name} cannot be shared equally by {self.heads} heads"
                hint = "the width of the model is a multiple of the number of heads"
                report.add(self.by_name[name].node.diagnose(told, hint))
                divided = False
        return divided and check_weight_sizes(
            self.by_name.values(), wanted, self.node_of("weights"), report
        )

    def written_heads(self, queries: str, memory: str, mask: str) -> Heads:
        """The heads that a sheet is to write."""
        return Heads(self.heads, queries, memory, frozenset(self.by_name), self.widths, mask)

    # ------------------------------------------------------------------------------------ the sheet

    def write_sizes(self, sheet: Sheet, names: Iterable[str]) -> None:
        """A table of the sizes of some quantities, and the number of parameters."""
        shown = tuple(names)

        def table(solved: Solved) -> Iterator[Block]:
            known = solved.dimensions.known
            rows = tuple((Name(n), " × ".join(map(str, known[n]))) for n in shown if n in known)
            yield Table(("", "sizes"), rows, Detail.NORMAL, "sizes")

        sheet.section("Sizes")
        if self.heads > 1:
            keys, values = self.widths
            each = f"{keys}" if keys == values else f"{keys}, with values of width {values}"
            sheet.text(f"There are {self.heads} heads of width {each}.", detail=Detail.BRIEF)
        sheet.block(table)
        sheet.apart()
        terms = (" * ".join(map(str, weight.dims)) for weight in self.weights)
        sheet.line("parameters", " + ".join(terms), "the entries of all weights")
        sheet.result("parameters")
