"""How many parameters a layer or a model has, in letters and in numbers.

Every part is counted by the sizes of its arrays: a matrix from D entries to H units has H D weights,
and H biases beside them. Counts have no units. Models: dense layers by their widths (mlp), conv, rnn,
lstm, gru, embedding, attention, encoder and decoder layers of a transformer, a transformer with one
shared embedding, and bert with its pooler. Sizes that are not given stay letters. A second bias for
each gate, as some libraries keep, is `biases: 2`.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), 6 and 10; Cho et al. (2014), 2.3; Vaswani
et al., Attention is all you need (2017), 3; Devlin et al., BERT (2019), 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from random import Random
from typing import ClassVar

from stepsolve.checking.parameters import METHOD, count, count_mlp
from stepsolve.checking.precise import Point, Precise
from stepsolve.derivation import Check, Derivation
from stepsolve.errors import nearest
from stepsolve.notation.tree import Number
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.data import Node
from stepsolve.source.fields import Reader, choice, entry, integer, list_of, mapping_of, name
from stepsolve.source.placed import Placed, placed
from stepsolve.source.report import Report
from stepsolve.worksheet.parameters import MODELS, WORDS, Part
from stepsolve.worksheet.sheet import Sheet

_MOST_WIDTHS = 50
_IN_FULL = 6  # layers whose formulas are written out in the total
_DRAWS = 3
_LARGEST = 1_000_000
_TAKEN = ("total", "layer")


def _read_width(node: Node, report: Report) -> str | None:
    word = isinstance(node.value, str) and node.value[:1].isalpha()
    reader: Reader[str] | Reader[int] = name if word else integer(1, _LARGEST)
    found = reader.read(node, report)
    return None if found is None else str(found)


_width: Reader[str] = Reader(
    _read_width, {"type": ["integer", "string"]}, f"a whole number from 1 to {_LARGEST} or a name"
)


@dataclass(frozen=True)
class ParameterCount(SheetProblem):
    """How many parameters a model has, in letters and in numbers."""

    STARTER: ClassVar = ("widths", "given")

    model: str = entry(
        choice("mlp", *MODELS),
        "What is counted: mlp, conv, rnn, lstm, gru, embedding, attention, encoder, decoder, "
        "transformer or bert.",
        default="mlp",
        examples=("mlp",),
    )
    widths: tuple[Placed[str], ...] = entry(
        list_of(placed(_width), 2),
        "Of an mlp: entries of the input, units of every layer; numbers or letters.",
        default=(),
        examples=(["D_x", "H", "D_y"],),
    )
    given: dict[str, Placed[int]] = entry(
        mapping_of(name, placed(integer(1, _LARGEST))),
        "Sizes by their letters; those left out stay letters. "
        + "; ".join(f"{letter}: {words}" for letter, words in WORDS.items())
        + ".",
        default={},
        examples=({"H": 20},),
    )
    biases: Placed[int] | None = entry(
        placed(integer(0, 2)),
        "Biases of every unit: 1, 0 or 2; 1 if left out.",
        default=None,
        examples=(1,),
    )

    @property
    def _each(self) -> int:
        """How many biases a unit has."""
        return 1 if self.biases is None else self.biases.value

    # ------------------------------------------------------------------------------------ mistakes

    def check_keys(self, report: Report) -> None:
        known = self.letters
        for letter, (value, node) in self.given.items():
            if letter not in known:
                hint = nearest(letter, known) or f"it has {', '.join(known)}"
                report.add(node.diagnose(f"{self.model} has no size {letter}", hint))
            elif letter == "A" and "d" in self.given and self.given["d"][0] % value:
                width = self.given["d"][0]
                told = f"a width of {width} does not divide into {value} heads"
                report.add(node.diagnose(told, "every head has d/A rows"))
        self._check_widths(report)

    def _check_widths(self, report: Report) -> None:
        if self.model == "mlp" and not self.widths:
            place = self.node_of("model", "widths")
            report.add(place.diagnose("an mlp needs widths", "write widths: [D_x, H, D_y]"))
        for width, node in self.widths[:1] if self.model != "mlp" else ():
            report.add(node.diagnose(f"widths are of an mlp, not of {self.model}: {width}"))
        for _, node in self.widths[_MOST_WIDTHS:][:1]:
            report.add(node.diagnose(f"at most {_MOST_WIDTHS} widths are counted"))
        for width, node in self.widths:
            if width.startswith(_TAKEN):
                report.add(node.diagnose(f"{width} is the name of a count here", "take another"))
        if self._each == 2 and self.model not in ("rnn", "lstm", "gru"):
            assert self.biases is not None
            told = "two biases are of rnn, lstm and gru"
            report.add(self.biases.node.diagnose(told, "write biases: 1"))

    # ------------------------------------------------------------------------------------ the page

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters of the sizes."""
        if self.model == "mlp":
            return tuple(dict.fromkeys(w for w, _ in self.widths if not w.isdecimal()))
        return MODELS[self.model].sizes

    def write(self, sheet: Sheet) -> None:
        used = [letter for letter in self.letters if letter != "A" or "A" in self.given]
        for letter in used:
            size = self.given.get(letter)
            sheet.give(letter, None if size is None else Number(str(size[0])), ())
        sheet.section("Parameters")
        if self.model == "mlp":
            self._write_mlp(sheet)
            return
        model = MODELS[self.model]
        told = [f"{letter}: {WORDS[letter]}" for letter in used]
        sheet.text("; ".join(told) + ".")
        if model.said:
            sheet.text(model.said)
        for part in model.parts:
            if formula := self._formula(part):
                sheet.line(part.name, formula, part.because)
        sheet.line("total", model.total or self._sum(model.parts), "all parts together")
        sheet.result("total")

    def _formula(self, part: Part) -> str:
        if not self._each or not part.biases:
            return part.weights
        if part.weights:
            return f"{part.weights} + {part.biases}"
        return part.biases if self._each == 1 else f"{self._each} * {part.biases}"

    def _sum(self, parts: tuple[Part, ...]) -> str:
        """All parts as one formula: they are short."""
        return " + ".join(filter(None, map(self._formula, parts)))

    def _write_mlp(self, sheet: Sheet) -> None:
        told = "Every unit has a weight for each entry of the layer before it"
        sheet.text(told + (", and a bias." if self._each else "; there are no biases."))
        formulas = []
        for k, ((before, _), (after, _)) in enumerate(pairwise(self.widths), 1):
            formulas.append(f"({before} + 1) * {after}" if self._each else f"{before} * {after}")
            sheet.line(f"layer_{k}", formulas[-1], f"{after} units")
        names = [f"layer_{k}" for k in range(1, len(self.widths))]
        whole = formulas if len(formulas) <= _IN_FULL else names
        sheet.line("total", " + ".join(whole), "all layers together")
        sheet.result("total")

    # ---------------------------------------------------------------------------------- the checks

    def derive(self) -> Derivation:
        derivation = super().derive()
        return derivation._replace(checks=(*derivation.checks, *self._counted()))

    @cached_property
    def _draws(self) -> tuple[dict[str, int], ...]:
        """The sizes: as given or, for letters, drawn at random; a width that the heads divide."""
        given = {letter: value for letter, (value, _) in self.given.items()}
        if set(self.letters) - {"A"} <= set(given):
            return ({"A": 1, **given},)
        found, random = [], Random(1)
        for _ in range(_DRAWS):
            sizes = {letter: random.randint(2, 9) for letter in self.letters}
            heads = given.get("A", sizes.get("A", 1))
            sizes["d"] = heads * random.randint(2, 5)
            if "d" in given and "A" not in given:
                sizes["A"] = 1
            found.append(sizes | given)
        return tuple(found)

    def _counted(self) -> Iterator[Check]:
        precise = Precise()
        for sizes in self._draws:
            known = {letter: precise.number(str(value)) for letter, value in sizes.items()}
            for part, right in self._right(sizes).items():
                value = precise.evaluate(self.sheet.lines[part].expression, Point(known))
                known[part] = value
                error = float(abs(value - right) / right)
                yield Check(part, METHOD, error, value == right)

    def _right(self, sizes: Mapping[str, int]) -> dict[str, int]:
        if self.model != "mlp":
            return count(self.model, sizes, self._each)
        widths = [int(w) if w.isdecimal() else sizes[w] for w, _ in self.widths]
        return count_mlp(widths, self._each)
