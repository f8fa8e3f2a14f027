r"""Working written by hand: chains of equations in LaTeX or plain text -> expression trees.

`z = 0.5 \times 2 = 1` is a chain of three sides; `a = 1, b = 2` are two chains. What cannot be read
is refused with its place; nothing is guessed and nothing is left out but words that say nothing
about numbers (`\text{(chain rule)}`, `\therefore`). How names are written: see `hand_names`.

In LaTeX square brackets around one expression only group, so that `2[1 - x]` is a product; in plain
text they make an array, as in the expression language. `(1, 2)` is an array in both.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from stepsolve.errors import ExpressionError
from stepsolve.notation.tree import Expression
from stepsolve.source.hand_grammar import Grammar
from stepsolve.source.hand_names import PARTNERS
from stepsolve.source.hand_tokens import Token, plain_tokens, refuse_length
from stepsolve.source.latex_tokens import latex_tokens

_LATEX = re.compile(r"[\\{]|[_^]\{")
_CLOSING: Final = frozenset(PARTNERS.values())
_PRODUCTS: Final = frozenset({"*", "@"})
_REFUSED: Final = {"≠": "≠ is no step of a chain"}
_DROPPED_AT_END: Final = frozenset(("mark", "reason"))


class Chain(NamedTuple):
    """Sides with the signs between them.

    A chain that begins with a sign, such as a row `&= 6`, goes on from the line before: `lead` is
    that sign, and `sides` what follows it. There is always one sign fewer than sides.
    """

    sides: tuple[Expression, ...]
    signs: tuple[str, ...]
    """Each one of `=`, `≈`, `⇒`, `<`, `≤`, `>`, `≥`."""
    spans: tuple[tuple[int, int], ...]
    """Where each side stands in the text given."""
    paper: bool
    """Whether products of arrays are matrix products, as on paper.

    In plain text `*` is entrywise and `@` is not, but `A x` without a sign is as on paper.
    """
    lead: str = ""

    @property
    def continued(self) -> bool:
        """Whether the chain goes on from the line before."""
        return bool(self.lead)


class _Piece(NamedTuple):
    """The break that comes before a stretch of tokens, "" for the first, and the tokens with it."""

    opener: str
    tokens: list[Token]


class _Side(NamedTuple):
    sign: str
    start: int
    stop: int


def read_chains(
    text: str,
    names: Collection[str] = (),
    functions: Mapping[str, int] = {},
    latex: bool | None = None,
) -> tuple[Chain, ...]:
    """The chains of one line of working, in order.

    `names` are the names known so far, best as a set; `functions` those defined so far, each with
    its number of arguments. Without `latex` the text says what it is: LaTeX has a backslash or a
    brace. Raises `ExpressionError` with the offsets of whatever cannot be read.
    """
    refuse_length(text)
    if latex is None:
        latex = _LATEX.search(text) is not None
    tokens = latex_tokens(text) if latex else plain_tokens(text, names)
    out: list[Token] = []
    chains = _arranged(_pieces(_unboxed(tokens)), out)
    if not chains:
        raise ExpressionError("there is no equation here", 0, len(text))
    out.append(Token("end", "", len(text), len(text)))
    grammar = Grammar(out, names, functions, latex)
    try:
        return tuple([_read(grammar, out, chain, latex) for chain in chains])
    except RecursionError:  # the levels are counted, but the caller may be deep down himself
        raise ExpressionError("this is nested too deep", 0, len(text)) from None


def _read(grammar: Grammar, tokens: list[Token], sides: list[_Side], latex: bool) -> Chain:
    first, *_ = sides
    grammar.has_bare_products = False
    defines = len(sides) > 1 and not first.sign
    found = []
    for side in sides:
        head = grammar.definition(side.start, side.stop) if side is first and defines else None
        found.append(head or grammar.side(side.start))
    spans = tuple([(tokens[s.start].start, tokens[s.stop - 1].end) for s in sides])
    signs = tuple([side.sign for side in sides[1:]])
    signed = any(tokens[k].text in _PRODUCTS for s in sides for k in range(s.start, s.stop))
    on_paper = latex or (grammar.has_bare_products and not signed)
    return Chain(tuple(found), signs, spans, on_paper, first.sign)


def _unboxed(tokens: list[Token]) -> list[Token]:
    """The tokens without the braces of a box that holds a relation: `\\boxed{x = 3}`."""
    if not any(token.kind == "box" for token in tokens):
        return tokens
    dropped: set[int] = set()
    opened: list[tuple[int, bool]] = []  # where braces open, and whether they are a box's
    for place, token in enumerate(tokens):
        if token.kind == "sign" and token.text == "{":
            opened.append((place, place > 0 and tokens[place - 1].kind == "box"))
        elif token.kind == "sign" and token.text == "}" and opened:
            start, boxed = opened.pop()
            if boxed and start - 1 in dropped:
                dropped |= {start, place}
        elif token.kind == "relation" and opened and all(boxed for _, boxed in opened[-1:]):
            dropped.add(opened[-1][0] - 1)
    return [token for place, token in enumerate(tokens) if place not in dropped]


def _pieces(tokens: list[Token]) -> Iterator[_Piece]:
    """The tokens outside of brackets cut at breaks and arrows."""
    depth = 0
    opener = ""
    piece: list[Token] = []
    for token in tokens:
        kind, text = token.kind, token.text
        if kind == "sign":
            depth += (text in PARTNERS) - (text in _CLOSING)
        elif kind in ("begin", "end-environment"):
            depth += 1 if kind == "begin" else -1
        elif depth <= 0 and (kind == "break" or (kind == "relation" and text == "⇒")):
            yield _Piece(opener, piece)
            opener, piece = text, []
        if not (depth <= 0 and kind == "sign" and text == "&"):
            piece.append(token)
    yield _Piece(opener, piece)


def _arranged(pieces: Iterator[_Piece], out: list[Token]) -> list[list[_Side]]:
    """The sides of each chain, as stretches of the tokens that are put into `out`."""
    chains: list[list[_Side]] = []
    related = False  # whether the chain so far has a relation
    pending = ""  # the strongest break since then
    for opener, tokens in pieces:
        mark = tokens[0] if opener else None
        body = _stripped(tokens[1:] if opener else tokens)
        pending = _stronger(pending, opener)
        if not body:
            continue
        relations = [place for place, token in _outer(body) if token.kind == "relation"]
        remark = all(token.kind in ("words", "reason", "mark") for token in body)
        if chains and pending in ("quad", ",", ";") and remark:
            pending = ""
            continue
        if not chains or (relations and related) or pending == "\\\\":
            chains.append(_sides(body, relations, out, ""))
        elif pending == "⇒" and not relations:
            chains[-1] += _sides(body, relations, out, "⇒")
        elif pending == "quad" and not relations:
            out.pop()  # the end of the side that goes on
            last = chains[-1].pop()
            out += body
            chains[-1].append(last._replace(stop=len(out)))
            out.append(_end_after(body[-1]))
        elif relations and pending not in (",", ";"):
            chains.append(_sides(body, relations, out, ""))
        else:
            at = mark or body[0]
            hint = "decimals are written with a point: 0.5" if at.text == "," else ""
            message = f"{at.text or pending} stands between equations only"
            raise ExpressionError(message, at.start, at.end, hint)
        related = bool(relations) or (related and pending in ("⇒", "quad"))
        pending = ""
    return chains


_STRENGTH: Final = ("", "quad", "⇒", ",", ";", "\\\\")


def _stronger(one: str, other: str) -> str:
    other = other if other in _STRENGTH else ("," if other else "")
    return max(one, other, key=_STRENGTH.index)


def _end_after(token: Token) -> Token:
    return Token("end", "", token.end, token.end)


def _outer(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """The tokens outside of brackets, each with its place."""
    depth = 0
    for place, token in enumerate(tokens):
        if token.kind == "sign":
            depth += (token.text in PARTNERS) - (token.text in _CLOSING)
        elif token.kind in ("begin", "end-environment"):
            depth += 1 if token.kind == "begin" else -1
        elif depth <= 0:
            yield place, token


def _sides(body: list[Token], relations: list[int], out: list[Token], sign: str) -> list[_Side]:
    """The sides of a piece, put into `out` with an end after each."""
    found: list[_Side] = []
    bounds = [*relations, len(body)]
    if relations[:1] == [0]:
        sign, place, bounds = _sign(body[0]), 1, bounds[1:]
    else:
        place = 0
    for bound in bounds:
        start = len(out)
        if place == bound:
            at = body[min(place, len(body) - 1)]
            raise ExpressionError("a side is missing here", at.start, at.end)
        out += body[place:bound]
        found.append(_Side(sign, start, len(out)))
        out.append(_end_after(body[bound - 1]))
        if bound < len(body):
            sign = _sign(body[bound])
        place = bound + 1
    return found


def _sign(token: Token) -> str:
    if token.text in _REFUSED:
        raise ExpressionError(_REFUSED[token.text], token.start, token.end)
    return token.text


def _before_remark(tokens: list[Token], stop: int) -> int:
    """Where a bracket begins that ends before `stop` and holds nothing but words, else `stop`."""
    start = stop - 1
    while start > 0 and tokens[start - 1].kind in ("words", "reason"):
        start -= 1
    is_remark = (
        0 < start < stop - 1 and tokens[stop - 1].text == ")" and tokens[start - 1].text == "("
    )
    return start - 1 if is_remark else stop


def _stripped(tokens: list[Token]) -> list[Token]:
    """Without signs such as ∴ at the start, and remarks, marks and a full stop at the end."""
    start, stop = 0, len(tokens)
    while start < stop and (
        tokens[start].kind == "start"
        or (tokens[start].kind == "words" and tokens[start].text.rstrip().endswith(":"))
    ):
        start += 1
    while stop > start and (
        tokens[stop - 1].kind in _DROPPED_AT_END
        or (tokens[stop - 1].kind == "sign" and tokens[stop - 1].text in ".:")
    ):
        stop -= 1
    if stop > start:
        stop = max(start, _before_remark(tokens, stop))
    return tokens[start:stop]
