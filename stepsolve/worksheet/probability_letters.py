"""Probabilities in letters: the formulas of divergence, entropy and posterior, and what confirms them.

A distribution in letters is a list of expressions that sum to one whatever the letters are, such as
`[a, 1 - a]`, or of letters alone, which then are meant to. Each formula is also written in a second
form; both are compared at random points and, where it decides, by SymPy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Final

from stepsolve.checking import chances
from stepsolve.checking.precise import Precise
from stepsolve.checking.rewrites import TOLERANCE, Sampler
from stepsolve.derivation import Detail, Equation
from stepsolve.notation.exact import numeric
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number, names, substitute
from stepsolve.operations.table import CONSTANTS
from stepsolve.source.arrays import GivenArray
from stepsolve.source.report import Report
from stepsolve.worksheet.evaluation import LineError
from stepsolve.worksheet.probabilities import entries, exact_value
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.written_chain import WrittenChain

MOST: Final = 8  # probabilities of a distribution in letters
_LONGEST: Final = 40  # nodes of one of them
Entries = tuple[Expression, ...]


def has_letters(*arrays: GivenArray | None) -> bool:
    """Whether an entry of some arrays is an expression in letters."""
    return any(
        isinstance(array.value, Expression) and bool(_letters([array.value]))
        for array in arrays
        if array is not None
    )


def _letters(expressions: Iterable[Expression]) -> tuple[str, ...]:
    found = dict.fromkeys(n for e in expressions for n in names(e) if n not in CONSTANTS)
    return tuple(found)


def _sampled(expressions: Iterable[Expression]) -> dict[str, Expression]:
    """For every letter an expression that lies between 0 and 1, also with all letters together."""
    letters = _letters(expressions)
    share = Number(str(4 * len(letters)))
    return {n: Apply("/", Apply("^", Name(n), Number("2")), share) for n in letters}


def probabilities(array: GivenArray, report: Report) -> Entries | None:
    """The entries of a list in numbers or letters; None after reporting what is no probability."""
    if array.value is None or not isinstance(array.value, Array) or len(array.dims) != 1:
        report.add(array.node.diagnose("a list of probabilities belongs here"))
        return None
    if len(array.value.items) > MOST:
        told = f"in letters there are at most {MOST} probabilities"
        report.add(array.node.diagnose(told))
        return None
    good = True
    for expression, node in entries(array):
        told = _no_probability(expression)
        if told:
            report.add(node.diagnose(told))
            good = False
    if not good:
        return None
    items = array.value.items
    if not any(chances.draws(_letters(items), [items], Precise())):
        told = "no values of the letters make these numbers from 0 to 1"
        report.add(array.node.diagnose(told, "such as [a, 1 - a]"))
        return None
    return items


def _no_probability(expression: Expression) -> str:
    if expression.size > _LONGEST:
        return "this expression is too long"
    if _letters([expression]):
        return ""
    try:
        number = exact_value(expression)
    except LineError as error:
        return error.reason
    return "" if 0 <= number <= 1 else "a probability is a number from 0 to 1"


def distribution(array: GivenArray, report: Report) -> Entries | None:
    """The same of a distribution, whose entries sum to one."""
    found = probabilities(array, report)
    if found is None:
        return None
    alone = {e.name for e in found if isinstance(e, Name)}
    if len(alone) == len(found) and not alone & CONSTANTS.keys():
        return found  # letters alone are meant to sum to one
    put = _sampled(found)
    total = substitute(total_of(found), put)
    sampler = Sampler(total, names(total), precise=Precise())
    off = sampler.difference(total, Number("1")) if put else abs(float(exact_value(total)) - 1)
    if off > max(TOLERANCE, 0.0 if put else 1e-6):
        told = "these probabilities do not sum to 1 for all values of the letters"
        report.add(array.node.diagnose(told, "write the last one as 1 less the others"))
        return None
    return found


# ---------------------------------------------------------------------------------- the formulas


def total_of(terms: Sequence[Expression]) -> Expression:
    """The sum of some terms."""
    return reduce(lambda one, other: Apply("+", one, other), terms)


def _is_zero(expression: Expression) -> bool:
    return numeric(expression) == 0


def _product(parts: Iterable[Expression]) -> Expression:
    """A product, with factors of 1 left out and equal ones as a power."""
    counted = Counter(part for part in parts if part != Number("1"))
    factors = [
        part if times == 1 else Apply("^", part, Number(str(times)))
        for part, times in counted.items()
    ]
    return reduce(lambda one, other: Apply("*", one, other), factors) if factors else Number("1")


def lost(p: Entries, q: Entries) -> list[int]:
    """Where q is 0 and p is not: there the divergence is infinite."""
    return [k for k, (a, b) in enumerate(zip(p, q, strict=True)) if _is_zero(b) and not _is_zero(a)]


def divergence(p: Entries, q: Entries, log: str) -> WrittenChain:
    """Sum of p log(p / q) = sum of p log p - sum of p log q; terms with p = 0 are 0."""
    pairs = [(a, b) for a, b in zip(p, q, strict=True) if not _is_zero(a)]
    whole = total_of([_product((a, Apply(log, Apply("/", a, b)))) for a, b in pairs])
    own = total_of([_product((a, Apply(log, a))) for a, _ in pairs])
    other = total_of([_product((a, Apply(log, b))) for a, b in pairs])
    rule = "the logarithm of a quotient: cross-entropy less entropy"
    return _chain("the divergence", whole, rule, Apply("-", own, other), (*p, *q))


def entropy(p: Entries, log: str) -> WrittenChain:
    """-(sum of p log p) = sum of p log(1 / p); terms with p = 0 are 0."""
    kept = [a for a in p if not _is_zero(a)]
    surprise = [_product((a, Apply(log, Apply("/", Number("1"), a)))) for a in kept]
    whole, *rest = (_product((a, Apply(log, a))) for a in kept)
    negative: Expression = Apply("neg", whole)
    for term in rest:
        negative = Apply("-", negative, term)
    rule = "the logarithm of a reciprocal is negative"
    return _chain("the entropy", negative, rule, total_of(surprise), p)


def _chain(
    of: str, start: Expression, rule: str, end: Expression, entries_: Entries
) -> WrittenChain:
    """Two forms of a formula in some probabilities, which are above 0 where they have letters."""
    positive = [Apply(">", e, Number("0")) for e in entries_ if _letters([e])]
    return WrittenChain(of, start, [(rule, end)], _sampled(entries_), positive)


def write_posteriors(
    sheet: Sheet, priors: Entries, likelihoods: Sequence[Entries], labels: Sequence[str]
) -> None:
    """The evidence and the posteriors after all observations, each also by the odds against it."""
    joint = [_product((*under, prior)) for prior, *under in zip(priors, *likelihoods, strict=True)]
    joint = [Number("0") if _has_zero(k, priors, likelihoods) else j for k, j in enumerate(joint)]
    possible = [j for j in joint if not _is_zero(j)]
    evidence = total_of(possible)
    sheet.line("evidence", evidence, "the likelihood times the prior, over all hypotheses")
    shares = [j if _is_zero(j) else Apply("/", j, evidence) for j in joint]
    sheet.line("posterior", Array(*shares), "the part of each hypothesis in the evidence")
    confirm(sheet, "posterior", shares, (priors, *likelihoods), chances.posterior)
    every = (*priors, *(e for under in likelihoods for e in under))
    for k, (own, share) in enumerate(zip(joint, shares, strict=True)):
        if _is_zero(own):
            continue
        others = [Apply("/", j, own) for m, j in enumerate(joint) if m != k and not _is_zero(j)]
        odds: Expression = Number("1")
        told = f"No hypothesis but {labels[k]} is left:"
        if others:
            odds = Apply("/", Number("1"), Apply("+", Number("1"), total_of(others)))
            told = f"Divided by itself above and below, with the odds against {labels[k]}:"
        chain = _chain(f"posterior {k}", share, "the odds against it", odds, every)
        write_other_form(sheet, Item(Name("posterior"), Number(str(k))), chain, told)


def _has_zero(k: int, priors: Entries, likelihoods: Sequence[Entries]) -> bool:
    return _is_zero(priors[k]) or any(_is_zero(under[k]) for under in likelihoods)


def confirm(
    sheet: Sheet,
    of: str,
    formulas: Sequence[Expression],
    lists: Sequence[Entries],
    definition: chances.Definition,
) -> None:
    """Have the entries of a result confirmed by its definition."""
    letters = _letters([expression for found in lists for expression in found])
    sheet.confirm(lambda _: [chances.check(of, formulas, letters, lists, definition)])


def write_other_form(sheet: Sheet, left: Expression, chain: WrittenChain, told: str) -> None:
    """The other form of a formula, with why it is one, and what confirms that they are equal."""
    sheet.text(told)
    sheet.block(Equation((left, chain.end), detail=Detail.NORMAL))
    sheet.confirm(lambda _: chain.checks())


def give_letters(sheet: Sheet, arrays: Iterable[GivenArray]) -> None:
    """The letters of some arrays, as symbols."""
    values = [array.value for array in arrays if isinstance(array.value, Expression)]
    for letter in _letters(values):
        sheet.give(letter, None, ())


def meant(arrays: Mapping[str, Entries]) -> str:
    """What is assumed of letters that stand alone, as a sentence."""
    bare = [name for name, found in arrays.items() if all(isinstance(e, Name) for e in found)]
    told = "The letters stand for probabilities above 0"
    return f"{told}; those of {' and of '.join(bare)} sum to 1." if bare else f"{told}."


def impossible(priors: Entries, likelihoods: Sequence[Entries]) -> bool:
    """Whether nothing that is observed can happen under any hypothesis."""
    return all(_has_zero(k, priors, likelihoods) for k in range(len(priors)))
