"""What a reader answers to a picture of text: the decoder with what the card and the caller ask, as one function.

``runtime.reader`` makes one for each way of asking; evaluation and the server come through there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.card import Card, TextFormat
from glyphsmith.decode.automaton import Automaton
from glyphsmith.decode.fixed import best
from glyphsmith.decode.grammars import constrain
from glyphsmith.decode.label import rounded_down
from glyphsmith.decode.text import TextDecoder
from glyphsmith.errors import DataError, ModelError, PatternError
from glyphsmith.expression import evaluate_expression
from glyphsmith.results import TextReading

__all__ = ["BEAM", "MOST_TEXTS", "Answers", "text_answers"]

#: Prefixes that are followed where reading greedily leaves a doubt.
BEAM = 8

#: Texts of one picture that may be asked for. As many prefixes are followed at every column: 1,000 take 0.1 s, a
#: million more memory than there is.
MOST_TEXTS = 1000

Answers = Callable[[NDArray[np.float32], str | None], TextReading]


def text_answers(
    card: Card, *, top: int = 1, reject: float = 0.0, charset: str | None = None, pattern: str | None = None
) -> Answers:
    """Give the function from probabilities (T, 1+K) or (P, K) and a path to a TextReading.

    ``charset`` are the only labels that may occur; ``pattern`` is a pattern or the name of a grammar that the text has
    to match, in the place of the card's own. Raises PatternError where no text is left, DataError where ``top`` is
    larger than MOST_TEXTS.
    """
    if card.text is None:
        raise ModelError(f"{card.name}: its card does not say how its texts are decoded")
    if top > MOST_TEXTS:
        raise DataError(f"top {top:,}: a reader of texts gives at most {MOST_TEXTS:,} texts of a picture")
    form = card.text
    alphabet = Alphabet(card.alphabet)
    constraint = constrain(alphabet, pattern=form.pattern if pattern is None else pattern, only=charset)
    if constraint is not None:
        _refuse_what_never_fits(constraint, card.name, form)
    decoder = TextDecoder(alphabet, form.head, constraint, BEAM, max(1, top), form.temperature)

    def answer(probabilities: NDArray[np.float32], path: str | None) -> TextReading:
        with np.errstate(divide="ignore"):
            found = decoder(np.log(probabilities.astype(np.float64)))
        refused = found.text is not None and found.confidence < reject
        value = evaluate_expression(found.text).text if form.arithmetic and found.text and not refused else ""
        return TextReading(
            text=None if refused else found.text,
            confidence=found.confidence,
            characters=() if refused else found.characters,
            top=found.top[:top],
            value=value or None,
            path=path,
            reason=f"confidence {rounded_down(found.confidence)} is below {reject:g}" if refused else found.reason,
        )

    return answer


def _refuse_what_never_fits(constraint: Automaton, name: str, form: TextFormat) -> None:
    """Raise PatternError where no accepted text has room in the columns of a reader, or as many symbols as its head."""
    if form.head == "fixed":
        if best(np.zeros((form.columns, constraint.symbols)), constraint) is None:
            raise PatternError(f"{constraint.name}: no such text has {form.columns} symbols, and {name} reads no other")
        return
    needed = constraint.fewest_columns(constraint.start)
    if needed > form.columns:
        raise PatternError(f"{constraint.name} needs {needed} columns, {name} gives {form.columns}")
