"""What a convolution costs, and what a depthwise separable one or a bottleneck costs instead.

Multiplications over one image, as counts (they have no units): an f x f convolution from c to n
channels over h x w places takes h w n f^2 c. Depthwise and pointwise take h w c f^2 + h w n c, which
is 1/n + 1/f^2 of it. A bottleneck first makes m channels of c with a 1 x 1 convolution: where the size
stays, m / (n f^2) + m / c of it. Biases are left out. Sizes that are not given stay letters.

Source: Howard et al., MobileNets (2017), 3.1; Szegedy et al., Going deeper with convolutions (2015), 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any, ClassVar

from stepsolve.checking.architectures import COUNTED, count
from stepsolve.checking.precise import Point, Precise
from stepsolve.derivation import Check, Derivation
from stepsolve.errors import Place
from stepsolve.notation.tree import Number
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.data import Node
from stepsolve.source.extents import LARGEST
from stepsolve.source.fields import entry, integer
from stepsolve.source.layers import Conv, Depthwise, Layer, Pointwise, image
from stepsolve.source.placed import Placed, placed
from stepsolve.source.report import Report
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.written_chain import WrittenChain

_DRAWS = 3
_SQUARE = "h * w * n * f^2 * c"


@dataclass(frozen=True)
class CostComparison(SheetProblem):
    """A convolution against a depthwise separable one, or a bottleneck."""

    STARTER: ClassVar = ("input", "kernel", "filters")

    input: Placed[tuple[int, ...]] | None = entry(
        placed(image),
        "Height, width and channels of the input.",
        default=None,
        examples=([28, 28, 192],),
    )
    kernel: Placed[int] | None = entry(
        placed(integer(1, 1000)), "Height and width of the kernel.", default=None, examples=(5,)
    )
    filters: int | None = entry(
        integer(1, LARGEST), "Channels that come out.", default=None, examples=(32,)
    )
    bottleneck: int | None = entry(
        integer(1, LARGEST),
        "Channels between a 1 x 1 convolution and the other: a bottleneck is compared. Without it, "
        "a depthwise separable convolution.",
        default=None,
        examples=(16,),
    )
    stride: int = entry(integer(1, LARGEST), "How far the window moves.", default=1, examples=(1,))
    padding: int = entry(integer(0, LARGEST), "Pixels on every border.", default=0, examples=(2,))

    @property
    def _sizes(self) -> dict[str, int | None]:
        """The letters with their values, None for one that has none."""
        deep = self.input.value[-1] if self.input is not None else None
        found = {"f": self.kernel.value if self.kernel else None, "c": deep, "n": self.filters}
        return found | ({"m": self.bottleneck} if self.bottleneck else {})

    @property
    def _stays(self) -> bool:
        """Whether the output is as large as the input; taken so where there is none."""
        if self.input is None or self.kernel is None:
            return True
        return self.stride == 1 and 2 * self.padding == self.kernel.value - 1

    def check_keys(self, report: Report) -> None:
        if self.input is None:
            if self.stride > 1 or self.padding:
                told = "stride and padding need an input and a kernel"
                place = self.node_of("stride", "padding")
                report.add(place.diagnose(told, "write input: [28, 28, 192]"))
            return
        if len(self.input.value) != 3:
            told = "height, width and channels of the input are needed"
            report.add(self.input.node.diagnose(told, "write input: [28, 28, 192]"))
        elif self.kernel is None:
            told = "an input needs a kernel: how many places are there?"
            hint = "write kernel: 3, or leave the input out"
            report.add(self.input.node.diagnose(told, hint))
        elif self.kernel.value > min(self.input.value[:2]) + 2 * self.padding:
            size = min(self.input.value[:2]) + 2 * self.padding
            told = (
                f"the kernel has {self.kernel.value} pixels, but the input with its padding {size}"
            )
            report.add(self.kernel.node.diagnose(told, "take a smaller kernel or more padding"))

    # ------------------------------------------------------------------------------------ the page

    def write(self, sheet: Sheet) -> None:
        known = self.input is not None
        places = () if known else ("h", "w")
        letters = dict.fromkeys(places) | self._sizes
        if self.input is not None:
            letters = {"H": self.input.value[0], "W": self.input.value[1]} | letters
        for letter, value in letters.items():
            sheet.give(letter, None if value is None else Number(str(value)), ())
        said = "h and w: places of the window; f: the kernel's size; c: channels in; n: filters"
        sheet.text(said + ("; m: channels between." if self.bottleneck else "."))
        if known:
            sheet.section("Places")
            for small, large in (("h", "H"), ("w", "W")):
                formula = f"floor(({large} + 2 * {self.padding} - f) / {self.stride}) + 1"
                sheet.line(small, formula, "places of the window")
        sheet.section("Multiplications")
        sheet.line("normal", _SQUARE, "every output sums f^2 c products")
        if self.bottleneck:
            first = "h * w" if self._stays else "H * W"
            sheet.line("squeeze", f"{first} * m * c", "1 x 1, from c to m channels")
            sheet.line("expand", "h * w * n * f^2 * m", "f x f, from m to n channels")
            sheet.line("bottleneck", "squeeze + expand", "one after the other")
            sheet.line("ratio", "bottleneck / normal", "of the two")
        else:
            sheet.line("depthwise", "h * w * c * f^2", "one kernel for every channel")
            sheet.line("pointwise", "h * w * n * c", "1 x 1, from c to n channels")
            sheet.line("separable", "depthwise + pointwise", "one after the other")
            sheet.line("ratio", "separable / normal", "of the two")
        sheet.section("The ratio in letters")
        sheet.block(self._chain.block)
        sheet.result("normal", "bottleneck" if self.bottleneck else "separable", "ratio")

    @cached_property
    def _chain(self) -> WrittenChain:
        if not self.bottleneck:
            whole = "h * w * c * f^2 + h * w * n * c"
            sides = ["(f^2 + n) / (n * f^2)", "f^2 / (n * f^2) + n / (n * f^2)"]
            sides += ["1 / n + 1 / f^2"]
        elif self._stays:
            whole = "h * w * m * c + h * w * n * f^2 * m"
            sides = ["m * (c + n * f^2) / (n * f^2 * c)"]
            sides += ["m * c / (n * f^2 * c) + m * n * f^2 / (n * f^2 * c)"]
            sides += ["m / (n * f^2) + m / c"]
        else:
            whole = "H * W * m * c + h * w * n * f^2 * m"
            sides = ["m * (H * W * c + h * w * n * f^2) / (h * w * n * f^2 * c)"]
            sides += ["H * W * m / (h * w * n * f^2) + m / c"]
        rules = ("cancel what all share", "split the fraction", "cancel")
        return WrittenChain(
            "the ratio", f"({whole}) / ({_SQUARE})", list(zip(rules, sides, strict=False))
        )

    # ---------------------------------------------------------------------------------- the checks

    def derive(self) -> Derivation:
        derivation = super().derive()
        checks = (*derivation.checks, *self._chain.checks(), *self._counted())
        return derivation._replace(checks=checks)

    def _counted(self) -> Iterator[Check]:
        """The lines against the loops of the layers; with numbers drawn for the letters."""
        precise = Precise()
        for sizes in self._draws():
            known = {k: precise.number(str(v)) for k, v in sizes.items()}
            for name, expected in self._right(sizes).items():
                value = precise.evaluate(self.sheet.lines[name].expression, Point(known))
                known[name] = value
                error = abs(float(value) - expected) / expected
                yield Check(name, COUNTED, error, error <= 1e-14)

    def _draws(self) -> Iterator[dict[str, int]]:
        """Sizes of everything: as given, else drawn; then the places h and w come first."""
        given = {k: v for k, v in self._sizes.items() if v is not None}
        random = Random(1)
        for _ in range(1 if self.input and self.filters else _DRAWS):
            sizes = {k: random.randint(2, 9) for k in self._sizes} | given
            if self.input is None:
                sizes |= {"h": random.randint(2, 9), "w": random.randint(2, 9)}
                reach = sizes["f"] - 1  # places are what is left without padding
                yield sizes | {"H": sizes["h"] + reach, "W": sizes["w"] + reach}
            else:
                sizes |= {"H": self.input.value[0], "W": self.input.value[1]}
                rows = count((sizes["H"], sizes["W"], 1), [self._convolution(sizes["f"], 1)])
                yield sizes | {"h": rows[-1].shape[0], "w": rows[-1].shape[1]}

    def _right(self, sizes: Mapping[str, int]) -> dict[str, float]:
        """What the loops count, by the name of the line."""
        f, n, c, m = sizes["f"], sizes["n"], sizes["c"], sizes.get("m")
        wide = (sizes["H"], sizes["W"])
        small = (sizes["h"], sizes["w"])
        found: dict[str, float] = {"normal": _loops((*wide, c), self._convolution(f, n))}
        if m:
            over = small if self._stays else wide
            found["squeeze"] = _loops((*over, c), _pointwise(m))
            found["expand"] = _loops((*wide, m), self._convolution(f, n))
            found["bottleneck"] = found["squeeze"] + found["expand"]
        else:
            depth = _layer("depthwise", Depthwise(kernel=(f, f), bias=False, **self._sliding))
            found["depthwise"] = _loops((*wide, c), depth)
            found["pointwise"] = _loops((*small, c), _pointwise(n))
            found["separable"] = found["depthwise"] + found["pointwise"]
        found["ratio"] = [*found.values()][-1] / found["normal"]
        return found

    @property
    def _sliding(self) -> dict[str, Any]:
        return {"stride": (self.stride,) * 2, "padding": (self.padding,) * 2}

    def _convolution(self, kernel: int, filters: int) -> Layer:
        options = Conv(filters=filters, kernel=(kernel, kernel), bias=False, **self._sliding)
        return _layer("conv", options)


def _loops(shape: tuple[int, ...], layer: Layer) -> int:
    return count(shape, [layer])[-1].multiplications


def _pointwise(filters: int) -> Layer:
    return _layer("pointwise", Pointwise(filters=filters, bias=False))


def _layer(word: str, options: object) -> Layer:
    return Layer(word, options, Node(word, word, Place(word)))
