"""word2vec: skip-gram and CBOW, with the softmax over all words or with negative sampling.

V has the vectors v of words in the centre (of CBOW: of the context), U the vectors u of words outside
(of CBOW: of the centre); one row of d entries for every word, without units. Skip-gram predicts an
outside word o from a centre word c: p(o | c) = softmax(U v_c)[o]. CBOW predicts the centre word from
the mean of the vectors of its context. Places count from 0.

Source: Mikolov, Sutskever, Chen, Corrado, Dean, Distributed Representations of Words and Phrases and
their Compositionality (2013), 2; Mikolov, Chen, Corrado, Dean, Efficient Estimation of Word
Representations in Vector Space (2013), 3; Rong, word2vec Parameter Learning Explained (2014).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final

from stepsolve.notation.names import gradient_name
from stepsolve.sheet_problem import SheetProblem, give_all
from stepsolve.source.arrays import GivenArray, check_sizes, given_arrays
from stepsolve.source.fields import choice, entry
from stepsolve.source.report import Report
from stepsolve.source.training import Update, update
from stepsolve.source.weights import check_weights
from stepsolve.source.words import (
    WrittenWord,
    check_vocabulary,
    place_of,
    places_of,
    word,
    word_or_words,
    words,
)
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.training import Training

_MOST_WORDS: Final = 8  # whose gradients are written one by one
_MOST_NEGATIVES: Final = 50


@dataclass(frozen=True)
class Word2vec(SheetProblem):
    """Skip-gram and CBOW: the loss of a window and its gradients."""

    STARTER: ClassVar = ("outside", "loss")

    method: str = entry(
        choice("skip-gram", "cbow"),
        "Skip-gram predicts an outside word from the centre, CBOW the centre from its context.",
        default="skip-gram",
        examples=("skip-gram",),
    )
    loss: str = entry(
        choice("softmax", "negative-sampling"),
        "The softmax over all words, or some negative words against the right one.",
        default="softmax",
        examples=("softmax",),
    )
    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "U and V, a row for every word.",
        examples=({"U": [[1, 2], [-3, 4], [5, 0]], "V": [[1, 0], [0.5, -1], [0, 1]]},),
    )
    words: tuple[WrittenWord, ...] = entry(
        words,
        "The words of the rows, so that they can be named.",
        default=(),
        examples=(["a", "b", "c"],),
    )
    center: WrittenWord = entry(word, "The word in the centre, or its row.", examples=(0,))
    outside: WrittenWord | None = entry(
        word,
        "Of skip-gram: the outside word o that is to be predicted.",
        default=None,
        examples=(2,),
    )
    context: tuple[WrittenWord, ...] = entry(
        word_or_words, "Of CBOW: the words around the centre.", default=(), examples=([1, 2],)
    )
    negatives: tuple[WrittenWord, ...] = entry(
        word_or_words,
        "Of negative sampling: the words drawn, one after the other.",
        default=(),
        examples=([1],),
    )
    update: Update | None = entry(
        update, "A step of an optimiser.", default=None, examples=({"rate": 0.1},)
    )

    @cached_property
    def _weights(self) -> dict[str, GivenArray]:
        return {given.name: given for given in self.weights}

    @cached_property
    def _rows(self) -> int:
        return self._weights["U"].dims[0]

    def _place(self, asked: WrittenWord | None) -> int:
        found = None if asked is None else place_of(asked, self.words, self._rows, Report())
        assert found is not None
        return found

    def check_keys(self, report: Report) -> None:
        found = check_weights(
            self.weights,
            ("U", "V"),
            ("U", "V"),
            self.node_of("weights"),
            report,
            "one row for every word",
        )
        if len(found) == 2:
            self._check_vectors(found["U"], found["V"], report)
        skip = self.method == "skip-gram"
        if skip and self.outside is None:
            told = "skip-gram needs an outside word"
            report.add(self.node_of("method").diagnose(told, "such as outside: 2"))
        if not skip and not self.context:
            told = "CBOW needs the words of the context"
            report.add(self.node_of("method").diagnose(told, "context: [1, 2]"))
        if self.loss == "negative-sampling" and not self.negatives:
            told = "negative sampling needs negatives"
            report.add(self.node_of("loss").diagnose(told, "such as negatives: [1]"))
        if len(self.negatives) > _MOST_NEGATIVES:
            told = f"at most {_MOST_NEGATIVES} negative words can be worked out"
            report.add(self.negatives[_MOST_NEGATIVES].node.diagnose(told))
        if self.update is not None and self.update.steps > 1:
            told = "one window is one step: steps may be 1 here"
            report.add(self.update.node_of("steps").diagnose(told))

    def _check_vectors(self, u: GivenArray, v: GivenArray, report: Report) -> None:
        if len(u.dims) != 2:
            told = f"U {u.words}, but a row for every word belongs here"
            report.add(u.node.diagnose(told, "U: [[0.1, 0.2], [0.3, 0.4]]"))
            return
        if not check_sizes(v, u.dims, "V has a vector for every word, as U has", report):
            return
        count = u.dims[0]
        check_vocabulary(self.words, count, f"U has {count} rows", report)
        asked = [self.center, *self.context, *self.negatives]
        asked += [] if self.outside is None else [self.outside]
        places_of(asked, self.words, count, report)
        if self.loss != "negative-sampling" or report.failed:
            return
        right = self._right
        for one in self.negatives:
            if place_of(one, self.words, count, Report()) == right:
                told = "the right word is no negative word"
                report.add(one.node.diagnose(told, "draw another one"))

    @property
    def _right(self) -> int | None:
        """The row of the word that is predicted."""
        asked = self.outside if self.method == "skip-gram" else self.center
        return None if asked is None else place_of(asked, self.words, self._rows, Report())

    def write(self, sheet: Sheet) -> None:
        give_all(sheet, self.weights)
        training = Training(sheet, self.update) if self.update is not None else None
        if training is not None:
            training.give()
        sheet.section("Skip-gram" if self.method == "skip-gram" else "CBOW")
        if self.words:
            sheet.text(f"The rows of U and V are those of {self._told()}.")
        h = self._input(sheet)
        right = self._right
        assert right is not None
        if self.loss == "softmax":
            self._softmax(sheet, h, right)
        else:
            self._sampled(sheet, h, right)
        sheet.result("J", "dJ/dV", "dJ/dU")
        if training is not None:
            sheet.section("Update")
            sheet.result(*training.step("J", ("V", "U")).values())

    def _told(self) -> str:
        shown = [f"{one.text} ({k})" for k, one in enumerate(self.words[:12])]
        return ", ".join([*shown, "..."] if len(self.words) > len(shown) else shown)

    def _input(self, sheet: Sheet) -> str:
        """What the prediction is made from."""
        if self.method == "skip-gram":
            sheet.line("v_c", f"V[{self._place(self.center)}]", "the vector of the centre word")
            return "v_c"
        rows = ", ".join(str(self._place(one)) for one in self.context)
        sheet.line("C", f"V[[{rows}]]", "the vectors of the context")
        sheet.line("vhat", "mean(C, axis=0)", "their mean")
        return "vhat"

    def _softmax(self, sheet: Sheet, h: str, right: int) -> None:
        what = "outside" if self.method == "skip-gram" else "centre"
        sheet.line("z", f"U @ {h}", "the score of every word")
        sheet.line("yhat", "softmax(z)", f"the probability that it is the {what} word")
        sheet.line("y", f"one_hot({right}, {self._rows})", f"the {what} word")
        told = f"J = −log p for the probability p of the {what} word."
        sheet.text(told)
        sheet.line("J", "softmax_cross_entropy(z, y)", f"−log yhat[{right}]")
        sheet.result("J")
        sheet.backward("J", ("V", "U"))
        if self._rows <= _MOST_WORDS:
            rows = [(f"u_{k}", f"yhat[{k}]", k == right) for k in range(self._rows)]
            self._row_by_row(sheet, h, "U", rows)

    def _sampled(self, sheet: Sheet, h: str, right: int) -> None:
        """-log sigmoid(u_o h) - sum_k log sigmoid(-u_k h)."""
        drawn = [self._place(one) for one in self.negatives]
        count = len(drawn) + 1
        rows = ", ".join(map(str, (right, *drawn)))
        sheet.line("N", f"U[[{rows}]]", "the right word, then the negative ones")
        sheet.line("s", f"N @ {h}", "the score of each")
        sheet.line("y", f"one_hot(0, {count})", "1 for the right word, 0 for the negative ones")
        told = (
            "J = −log σ(s[0]) − Σ log σ(−s[k]), with k over the negative words: the score of the "
        )
        sheet.text(told + "right word is to be large, theirs small.")
        because = "the binary cross-entropy of every score"
        sheet.line("J", "binary_cross_entropy_logits(s, y)", because)
        sheet.result("J")
        sheet.backward("J", ("V", "U"))
        if count <= _MOST_WORDS:
            parts = [(f"N_{k}", f"sigmoid(s[{k}])", k == 0) for k in range(count)]
            self._row_by_row(sheet, h, "N", parts)

    def _row_by_row(
        self, sheet: Sheet, h: str, matrix: str, rows: list[tuple[str, str, bool]]
    ) -> None:
        """The gradients of single vectors: by name, their probability, and whether it is right."""
        sheet.section("Row by row")
        told = f"The vector of the right word is pulled to {h}; each other one is pushed away, "
        sheet.text(told + "as far as it was thought likely.")
        for k, (vector, probability, right) in enumerate(rows):
            factor = f"({probability} - 1)" if right else probability
            because = "the right word" if right else "another word"
            name = gradient_name("J", vector)
            sheet.line(name, f"{factor} * {h}", because)
            sheet.equal(name, f"dJ/d{matrix}[{k}]", None)
