"""Attention: scores of queries with keys, weights by softmax over the keys, weighted means of values.

Queries are rows, or one vector; keys and values are rows. The scores are dot products, scaled ones,
bilinear (Luong's general) or additive (Bahdanau). Queries, keys and values are given, or come from
inputs by the weights W_Q, W_K and W_V; without a memory the inputs attend to themselves. With targets
or a gradient from above there is a backward pass. Shapes: with n queries and m keys the scores are
n x m, and softmax runs along each row; all without units. W_a of bilinear scores is width of queries
x width of keys; W_a and U_a of additive scores are hidden width x width of queries and of keys, and
v_a has the hidden width. A mask of 0 makes a weight 0, as a score of -infinity would.

Source: Bahdanau, Cho, Bengio, Neural Machine Translation by Jointly Learning to Align and Translate
(2015), 3.1; Luong, Pham, Manning, Effective Approaches to Attention (2015), 3.1; Vaswani et al.,
Attention Is All You Need (2017), 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

from stepsolve.derivation import Detail
from stepsolve.families.attention import AttentionProblem
from stepsolve.notation.tree import Expression, Number
from stepsolve.operations.array_operation import Dims
from stepsolve.sheet_problem import give_all
from stepsolve.source.arrays import GivenArray, array, given_arrays, positive
from stepsolve.source.data import Node
from stepsolve.source.fields import choice, entry
from stepsolve.source.report import Report
from stepsolve.source.weights import Weight, check_weight_sizes
from stepsolve.worksheet.attention import ONE, ROWS, Names, dot_scores, softmax_over_keys
from stepsolve.worksheet.sheet import Sheet

_MOST_ADDITIVE = 100  # queries of additive scores, a line or two for each


class Sources(NamedTuple):
    """What queries, keys and values are: names and sizes; the same name may come twice."""

    queries: tuple[str, Dims]
    keys: tuple[str, Dims]
    values: tuple[str, Dims]


@dataclass(frozen=True)
class Attention(AttentionProblem):
    """Attention: scores, weights and context, forward and backward."""

    STARTER: ClassVar = ("queries", "keys", "values")

    queries: GivenArray | None = entry(
        array,
        "One query as a list, or a row for every query.",
        default=None,
        examples=([[1, 0], [0.5, 1]],),
    )
    keys: GivenArray | None = entry(
        array,
        "A row for every key; the queries themselves if left out.",
        default=None,
        examples=([[1, 0], [0, 1]],),
    )
    values: GivenArray | None = entry(
        array,
        "A row for every value; the keys if left out.",
        default=None,
        examples=([[1, 2], [3, 4]],),
    )
    inputs: GivenArray | None = entry(
        array,
        "Instead of queries and keys: a row for every token. Queries, keys and values come from it "
        "by the weights W_Q, W_K and W_V, or are its rows.",
        default=None,
        examples=([[1, 0], [0.5, 1]],),
    )
    memory: GivenArray | None = entry(
        array,
        "Cross-attention: keys and values come from these rows, not from the inputs.",
        default=None,
        examples=([[1, 0], [0, 1]],),
    )
    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "The weights by name: W_Q, W_K, W_V of inputs; W_a of bilinear, W_a, U_a, v_a of additive "
        "scores.",
        default=(),
        examples=({},),
    )
    score: str = entry(
        choice("scaled", "dot", "bilinear", "additive"),
        "How a query is compared with a key; scaled divides by the root of the width of the keys.",
        default="scaled",
        examples=("dot",),
    )
    temperature: Expression | None = entry(
        positive, "What the scores are divided by.", default=None, examples=(0.5,)
    )
    normalization: str = entry(
        choice("softmax", "hardmax", "none"),
        "How scores become weights; hardmax is 1 at the largest, none leaves them as they are.",
        default="softmax",
        examples=("softmax",),
    )

    # ------------------------------------------------------------------------------- what is wrong

    def check_keys(self, report: Report) -> None:
        if not self._check_choice_of_sources(report):
            return
        for name in self._given:
            self._check_rows(name, report)
        if report.failed:
            return
        if not self._check_projections(report):
            return
        sources = self.sources
        (_, q), (_, k), (_, v) = sources
        if v[0] != k[0]:
            told = f"there are {k[0]} keys, but {v[0]} values"
            report.add(self._node("values").diagnose(told, "a value for every key"))
        if self.score in ("dot", "scaled") and q[-1] != k[-1]:
            told = f"queries have {q[-1]} entries and keys {k[-1]}, so there is no dot product"
            report.add(self._node("keys").diagnose(told, "score: bilinear or additive joins them"))
        if self.normalization == "hardmax" and self.is_masked:
            node = self.node_of("normalization")
            report.add(node.diagnose("a mask goes with softmax, not with hardmax"))
        if self.score == "additive" and len(q) == 2 and q[0] > _MOST_ADDITIVE:
            told = f"additive scores are for at most {_MOST_ADDITIVE} queries"
            report.add(self.node_of("score").diagnose(told))
        self.check_mask(self.count, k[0], self._first.node, report)
        self.check_update(self.weights, report)
        self.check_above(self.names.output, (*q[:-1], v[-1]), report)

    def _check_choice_of_sources(self, report: Report) -> bool:
        """Queries or inputs, and what goes with each."""
        if (self.queries is None) == (self.inputs is None):
            told = (
                "queries and inputs exclude each other" if self.queries else "queries are missing"
            )
            hint = "inputs give queries, keys and values" if self.queries else "or inputs"
            report.add(self.node_of("inputs").diagnose(told, hint))
            return False
        others = (
            {"keys": self.keys, "values": self.values} if self.inputs else {"memory": self.memory}
        )
        for name, given in others.items():
            if given is not None:
                with_ = "queries" if self.inputs else "inputs"
                told = f"{name} has no place here"
                report.add(given.node.diagnose(told, f"{name} goes with {with_}"))
        if self._first.dims and len(self._first.dims) == 1 and not (self.keys or self.memory):
            told = "one vector cannot attend to itself"
            report.add(self._first.node.diagnose(told, "give rows, or keys"))
        return not report.failed

    def _check_rows(self, name: str, report: Report) -> None:
        given: GivenArray = getattr(self, name)
        ranks = (1, 2) if name in ("queries", "inputs") else (2,)
        if len(given.dims) in ranks:
            return
        told = f"{name}: {given.words}" if given.dims else f"{name}: a number or a bare symbol"
        hint = "rows belong here: a list of lists, or {shape: [3, 2]} for symbols"
        report.add(given.node.diagnose(told, hint))

    def _check_projections(self, report: Report) -> bool:
        wanted: dict[str, Weight] = {}
        if self.inputs is not None:
            is_bare = not {"W_Q", "W_K", "W_V"} & set(self._weights)
            own, other = self.inputs.dims[-1], (self.memory or self.inputs).dims[-1]
            width = self._width("W_Q", own)
            keys = width if self.score in ("dot", "scaled") else self._width("W_K", other)
            becomes = "a row for every entry of what it is multiplied with"
            for name, dims in (
                ("W_Q", (own, width)),
                ("W_K", (other, keys)),
                ("W_V", (other, self._width("W_V", other))),
            ):
                wanted[name] = Weight(dims, becomes, is_bare)
        if not check_weight_sizes(
            [w for n, w in self._weights.items() if n in wanted],
            wanted,
            self.node_of("score", "weights"),
            report,
        ):
            return False
        return check_weight_sizes(
            self.weights, wanted | self._score_weights(), self.node_of("score", "weights"), report
        )

    def _score_weights(self) -> dict[str, Weight]:
        """The weights of the scores, by the widths of queries and keys."""
        q, k = (self.sources[n][1][-1] for n in (0, 1))
        if self.score == "bilinear":
            return {"W_a": Weight((q, k), "the width of queries times that of keys")}
        if self.score == "additive":
            hidden = self._weights["v_a"].dims[:1] if "v_a" in self._weights else (1,)
            because = "the hidden width is that of v_a"
            return {
                "W_a": Weight((*hidden, q), because),
                "U_a": Weight((*hidden, k), because),
                "v_a": Weight(hidden, "a vector"),
            }
        return {}

    def _width(self, name: str, otherwise: int) -> int:
        """How many columns a weight has."""
        found = self._weights.get(name)
        return found.dims[1] if found and len(found.dims) == 2 else otherwise

    # ------------------------------------------------------------------------- queries, keys, values

    @property
    def _first(self) -> GivenArray:
        found = self.queries or self.inputs
        assert found is not None
        return found

    @property
    def _given(self) -> list[str]:
        """The keys of the file that stand for rows."""
        asked = ("queries", "keys", "values", "inputs", "memory")
        return [name for name in asked if getattr(self, name) is not None]

    def _node(self, name: str) -> Node:
        found: GivenArray | None = getattr(self, name)
        return (found or self.keys or self.memory or self._first).node

    @cached_property
    def _weights(self) -> dict[str, GivenArray]:
        return {array.name: array for array in self.weights}

    @property
    def is_one(self) -> bool:
        """Whether there is one query, a vector."""
        return len(self._first.dims) == 1

    @property
    def count(self) -> int | None:
        """How many queries there are; None for one that is a vector."""
        return None if self.is_one else self._first.dims[0]

    @property
    def names(self) -> Names:
        return ONE if self.is_one else ROWS

    @property
    def is_projected(self) -> bool:
        return "W_Q" in self._weights

    @cached_property
    def sources(self) -> Sources:
        """Queries, keys and values."""
        names = self.names
        if self.queries is not None:
            q = (names.queries, self.queries.dims)
            k = ("H" if self.values is None else "K", self.keys.dims) if self.keys else q
            return Sources(q, k, ("V", self.values.dims) if self.values else k)
        assert self.inputs is not None
        own = ("x" if self.is_one else "X", self.inputs.dims)
        other = ("H", self.memory.dims) if self.memory else own
        if not self.is_projected:
            return Sources(own, other, other)
        return Sources(
            (names.queries, (*own[1][:-1], self._weights["W_Q"].dims[-1])),
            ("K", (other[1][0], self._weights["W_K"].dims[-1])),
            ("V", (other[1][0], self._weights["W_V"].dims[-1])),
        )

    # ------------------------------------------------------------------------------------ the sheet

    def write(self, sheet: Sheet) -> None:
        inputs = self._give(sheet)
        draft = sheet.draft()
        names = self.names._replace(**{n: s[0] for n, s in self.sources._asdict().items()})
        if self.is_projected:
            self._write_projections(draft)
        draft.section("Scores")
        scores = self._write_scaled(draft, names, self._write_scores(draft, names))
        draft.section("Attention weights")
        self._write_weights(draft, names, scores)
        draft.section("Context")
        is_one = (
            "the weighted mean of the values" if self.is_one else "weighted means of the values"
        )
        draft.line(names.output, f"{names.weights} @ {names.values}", is_one)
        draft.result(names.weights, names.output)
        self.write_above(sheet, draft, names.output, inputs, self._weights)

    def _give(self, sheet: Sheet) -> list[str]:
        """Give everything to the sheet; the names of the inputs."""
        named: dict[str, GivenArray] = {}
        if self.inputs is not None:
            named["x" if self.is_one else "X"] = self.inputs
            if self.memory is not None:
                named["H"] = self.memory
        else:
            for (name, _), given in zip(
                self.sources, (self.queries, self.keys, self.values), strict=True
            ):
                if given is not None:
                    named[name] = given
        give_all(sheet, (*(a._replace(name=name) for name, a in named.items()), *self.weights))
        if self.score == "scaled":
            sheet.give("d_k", Number(str(self.sources.keys[1][-1])), ())
        if self.temperature is not None:
            sheet.give("tau", self.temperature, ())
        self.give_mask(sheet, self.count, self.sources.keys[1][0])
        self.give_above(sheet, self.names.output)
        return list(named)

    def _write_projections(self, sheet: Sheet) -> None:
        own = "x" if self.is_one else "X"
        other = "H" if self.memory else own
        sheet.section("Queries, keys and values")
        sheet.line(self.sources.queries[0], f"{own} @ W_Q", "queries")
        sheet.line("K", f"{other} @ W_K", "keys")
        sheet.line("V", f"{other} @ W_V", "values")

    def _write_scores(self, sheet: Sheet, names: Names) -> str:
        """The lines of the scores; the name of the last one."""
        if self.score == "additive":
            return self._write_additive(sheet, names)
        if self.score == "bilinear":
            text = f"{names.queries} @ W_a @ {names.keys}.T"
            if self.is_one:
                text = f"{names.keys} @ (W_a.T @ {names.queries})"
            sheet.line(names.scores, text, "bilinear: a weight for every pair of entries")
        else:
            because = "the query with every key" if self.is_one else "every query with every key"
            sheet.line(names.scores, dot_scores(names, self.is_one), because)
        return names.scores

    def _write_additive(self, sheet: Sheet, names: Names) -> str:
        """v_a . tanh(W_a q + U_a k) for every query and key."""
        told = "W_a and U_a multiply columns: a query and a key meet as tanh(W_a q + U_a k)."
        sheet.text(told)
        sheet.line("U", f"{names.keys} @ U_a.T", "what does not hang on the query, for every key")
        if self.is_one:
            sheet.line("p", f"W_a @ {names.queries}")
            sheet.line("G", "tanh(U + p)", "p is added to every row")
            sheet.line(names.scores, "G @ v_a")
            return names.scores
        sheet.line("P", f"{names.queries} @ W_a.T", "for every query")
        assert self.count is not None
        for k in range(self.count):
            sheet.line(f"G_{k}", f"tanh(U + P[{k}])", f"query {k}, counted from 0")
            sheet.line(f"s_{k}", f"G_{k} @ v_a")
        sheet.line(names.scores, f"stack({', '.join(f's_{k}' for k in range(self.count))})")
        return names.scores

    def _write_scaled(self, sheet: Sheet, names: Names, scores: str) -> str:
        divisors = ["sqrt(d_k)"] * (self.score == "scaled") + ["tau"] * (
            self.temperature is not None
        )
        if not divisors:
            return scores
        text = " * ".join(divisors)
        told = "the root of the width of the keys" if self.score == "scaled" else "the temperature"
        below = f"({text})" if len(divisors) > 1 else text
        sheet.line(names.scaled, f"{scores} / {below}", f"divided by {told}")
        return names.scaled

    def _write_weights(self, sheet: Sheet, names: Names, scores: str) -> None:
        self.tell_mask(sheet)
        masked = self.is_masked
        if self.normalization == "none":
            sheet.line(
                names.weights, f"{scores} * M" if masked else scores, "the scores themselves"
            )
        elif self.normalization == "hardmax":
            text = f"argmax({scores})" if self.is_one else f"argmax({scores}, axis=1)"
            told = "1 at the largest score, which takes it all; its derivative is 0"
            sheet.text(f"Hard attention: {told}.", detail=Detail.BRIEF)
            sheet.line(names.weights, text, told)
        else:
            text = softmax_over_keys(scores, "M" if masked else "", self.is_one)
            because = "they sum to 1" if self.is_one else "each row sums to 1"
            sheet.line(names.weights, text, f"softmax over the keys: {because}")
