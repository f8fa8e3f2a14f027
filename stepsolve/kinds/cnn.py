"""An architecture traced layer by layer: sizes, parameters, operations, receptive field, memory.

Layers are a list in order; blocks hold lists of their own: `residual` adds its layers to a shortcut,
`concat` puts branches side by side, `repeat` has its layers several times. Maps are height x width x
channels, a dense layer gives one number a unit; the units of sizes are pixels, of memory bytes. A
convolution has a bias for each filter unless told otherwise. Multiplications are those of one image,
one for every weight at every place. Same padding is D (M - 1) / 2 on each side.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), 9.1 to 9.5; Dumoulin and Visin, A guide to
convolution arithmetic (2016), 2 and 4; Araujo, Norris, Sim, Computing receptive fields (2019), 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from stepsolve.derivation import Block, Derivation, Result
from stepsolve.notation.tree import Name
from stepsolve.problem import Problem
from stepsolve.source.fields import entry, integer, mapping_of
from stepsolve.source.layers import Layer, image, layer_list
from stepsolve.source.report import Report
from stepsolve.worksheet.architecture import Trace
from stepsolve.worksheet.architecture_page import ArchitecturePage, Built

_MOST_COMPARED = 4


@dataclass(frozen=True)
class Cnn(Problem):
    """A convolutional network: sizes, parameters, costs, receptive field."""

    STARTER: ClassVar = ()

    input: tuple[int, ...] = entry(
        image,
        "Height, width and channels of the input; or a number of entries alone.",
        examples=([32, 32, 3],),
    )
    layers: tuple[Layer, ...] = entry(
        layer_list,
        "The layers in order: conv (filters, kernel, stride, padding, dilation, groups, bias, or "
        "connections: for every filter the channels that it sees), transposed-conv, depthwise, "
        "pointwise, max-pool, average-pool (also trained), global-average-pool, batch-norm, relu and "
        "other activations, dropout, flatten, dense, and the blocks residual, concat and repeat.",
        examples=([{"conv": {"filters": 8, "kernel": 5}}, "relu", {"max-pool": 2}, {"dense": 10}],),
    )
    compare: dict[str, tuple[Layer, ...]] = entry(
        mapping_of("[A-Za-z][A-Za-z0-9 ._-]{0,39}", layer_list),
        "Other architectures over the same input by name, with layers of their own.",
        default={},
        examples=({"wide": [{"dense": 100}, {"dense": 10}]},),
    )
    bytes: int = entry(
        integer(1, 16), "Bytes that a number takes in memory.", default=4, examples=(4,)
    )

    @cached_property
    def _built(self) -> tuple[Built, ...]:
        """The architectures. Raises `InvalidProblem` with everything that does not fit."""
        report = Report()
        lists = {self.title or "this one": self.layers, **self.compare}
        built = tuple(
            Built(name, self.input, found, Trace(self.input, found, report))
            for name, found in lists.items()
        )
        report.raise_if_any()
        return built

    def check(self, report: Report) -> None:
        if len(self.compare) > _MOST_COMPARED:
            first = next(iter(self.compare.values()))[0]
            told = f"at most {_MOST_COMPARED} other architectures are compared"
            report.add(first.node.diagnose(told))
            return
        self._built  # noqa: B018 - what does not fit raises

    def derive(self) -> Derivation:
        page = ArchitecturePage(self._built, self.bytes, self.shown)
        blocks: list[Block] = [*page.blocks(), *_answers(page)]
        return Derivation(
            self.title or "A network, layer by layer",
            self.kind,
            tuple(blocks),
            dict(page.quantities),
            page.results,
            tuple(page.checks()),
            self.shown,
        )


def _answers(page: ArchitecturePage) -> Iterator[Block]:
    for name in page.results:
        yield Result((Name(name), page.results[name]))
