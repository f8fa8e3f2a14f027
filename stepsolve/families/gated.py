"""What the kinds of recurrent networks with gates have in common: their letters, and stacked weights.

Every gate has an affine map of its own. Its weights are named after its letter: W_xi, W_hi, b_i or
W_i, U_i, b_i. They may also be stacked in W_x, W_h, b or W, U, b, one gate under the other (with
vectors as rows side by side), in an order that the file says.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from stepsolve.derivation import Detail
from stepsolve.families.recurrent import RecurrentProblem
from stepsolve.operations.array_operation import Dims
from stepsolve.source.fields import entry, list_of, mapping_of, matching
from stepsolve.source.report import Report
from stepsolve.worksheet.recurrent import Affine
from stepsolve.worksheet.sheet import Sheet

_letter = matching("[a-zA-Z]", "a letter")
_RESERVED = frozenset("xhcysqLWUb")


@dataclass(frozen=True)
class GatedProblem(RecurrentProblem):
    """A recurrent network with gates."""

    GATES: ClassVar[tuple[str, ...]] = ()
    """The usual letters of the gates, in the order of the page."""
    STACKED: ClassVar[tuple[str, ...]] = ()
    """The usual order of stacked gates."""
    TANH: ClassVar[tuple[str, ...]] = ()
    """Those with a hyperbolic tangent, not a sigmoid."""
    BEFORE: ClassVar[str] = "z"
    """The letter of what goes into a gate."""

    gates: dict[str, str] = entry(
        mapping_of(_letter, _letter),
        "Other letters for gates, by the usual ones.",
        default={},
    )
    gate_order: tuple[str, ...] = entry(
        list_of(_letter), "The order of the gates where weights are stacked.", default=()
    )

    def letter(self, gate: str) -> str:
        """The letter of a gate in the file."""
        return self.gates.get(gate, gate)

    @property
    def order(self) -> tuple[str, ...]:
        """The letters of the gates as they are stacked."""
        return self.gate_order or tuple(map(self.letter, self.STACKED))

    @cached_property
    def _short(self) -> bool:
        """Whether the weights are called W, U, b."""
        return any(name.startswith("U") for name in self.by_name)

    @cached_property
    def is_stacked(self) -> bool:
        """Whether one matrix holds the weights of all gates."""
        return not self.by_name.keys().isdisjoint(("W", "U") if self._short else ("W_x", "W_h"))

    @property
    def affines(self) -> tuple[Affine, ...]:
        return tuple(self._affine(self.letter(gate)) for gate in self.GATES)

    def _affine(self, letter: str) -> Affine:
        if self._short:
            return Affine(letter, f"W_{letter}", f"U_{letter}", f"b_{letter}")
        return Affine(letter, f"W_x{letter}", f"W_h{letter}", f"b_{letter}")

    @property
    def stored(self) -> tuple[Affine, ...]:
        if not self.is_stacked:
            return self.affines
        return (Affine("", "W", "U", "b") if self._short else Affine("", "W_x", "W_h", "b"),)

    @property
    def state_dims(self) -> Dims:
        if not self.is_stacked:
            return super().state_dims
        recurrent = self.recurrent
        assert recurrent is not None
        if len(recurrent.dims) < 2:
            return ()
        return recurrent.dims[:1] if self.vectors == "rows" else recurrent.dims[1:]

    def stacked(self, dims: Dims) -> Dims:
        return (len(self.GATES) * (dims[0] if dims else 1),) if self.is_stacked else dims

    def check_keys(self, report: Report) -> None:
        place = self.node_of("gates")
        for gate in self.gates:
            if gate not in self.GATES:
                hint = f"the gates are {', '.join(self.GATES)}"
                report.add(place.diagnose(f"there is no gate {gate}", hint))
        letters = [self.letter(gate) for gate in self.GATES]
        for letter in letters:
            if letter in _RESERVED or (letter == self.BEFORE and letter not in self.GATES):
                report.add(place.diagnose(f"{letter} is the letter of something else here"))
        if len(set(letters)) < len(letters):
            report.add(place.diagnose("two gates have one letter"))
        elif sorted(self.order) != sorted(letters):
            told = f"gate-order needs each of {', '.join(letters)} once"
            report.add(self.node_of("gate-order").diagnose(told))
        if not report.failed:
            super().check_keys(report)

    def prepare(self, sheet: Sheet) -> None:
        if not self.is_stacked:
            return
        sheet.section("The weights of each gate")
        how = "side by side" if self.vectors == "rows" else "one under another"
        (stored,) = self.stored
        names = [name for name in stored[1:] if name in self.by_name]
        listed = " and ".join([", ".join(names[:-1]), names[-1]])
        sheet.text(f"{listed} hold the gates {', '.join(self.order)} {how}.", detail=Detail.BRIEF)
        for place, letter in enumerate(self.order):
            for whole, part in zip(stored[1:], self._affine(letter)[1:], strict=True):
                if whole in self.by_name:
                    sheet.line(part, f"{whole}[{self._stretch(whole, place)}]")

    def _stretch(self, whole: str, place: int) -> str:
        """Where a gate stands in a stacked array, as an index."""
        size = self.state_dims[0] if self.state_dims else 0
        stretch = f"{place * size}:{(place + 1) * size}" if size else str(place)
        sideways = self.vectors == "rows" and len(self.by_name[whole].dims) == 2
        return f":, {stretch}" if sideways else stretch

    def gate(self, sheet: Sheet, gate: str, t: int, because: str) -> str:
        """The lines of a gate of step t; gives its name."""
        letter = self.letter(gate)
        before, name = f"{self.BEFORE}_{letter}{t}", f"{letter}_{t}"
        sheet.line(before, self.affine(sheet, self._affine(letter), t, f"h_{t - 1}"))
        activation = "tanh" if gate in self.TANH else "sigmoid"
        sheet.line(name, f"{activation}({before})", because)
        return name

    def gate_jacobian(self, sheet: Sheet, gate: str, t: int) -> str:
        """How a gate moves with the state before it: its slope times its weights; gives its name."""
        letter = self.letter(gate)
        name = f"{letter}_{t}"
        slope = f"1 - {name}^2" if gate in self.TANH else f"{name} * (1 - {name})"
        text = self.scaled(slope, self._affine(letter).recurrent)
        lines = [f"{self.BEFORE}_{letter}{t}", name]
        return sheet.jacobian(
            name, f"h_{t - 1}", text, "the slope of the gate times its weights", lines
        )
