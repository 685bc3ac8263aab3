"""The exact best path of CTC under an automaton: the guarantee behind every held search, and its answer of last resort.

A beam may lose every prefix that can still be finished well. For an automaton the single best path through (state,
last symbol) x columns is a plain dynamic programme (Viterbi 1967 over the product of the pattern with CTC's own
automaton): whatever the scores, it finds a text the automaton accepts, if one fits into the columns.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from glyphsmith.decode.automaton import Automaton, Dfa, best_two

__all__ = ["MAX_BRANCHES", "Path", "best_branch", "best_ctc_path"]

#: The symbols of a reading, and the log probability of the single best path that shows them.
Path = tuple[tuple[int, ...], float]

#: Branches searched before the best found so far is taken. Readable scores close the bound after one to three; only
#: noise without any text reaches this.
MAX_BRANCHES = 30


def best_branch(
    constraint: Automaton,
    log_probs: NDArray[np.float64],
    solve: Callable[[Dfa, NDArray[np.float64], NDArray[np.int64]], Path | None],
) -> Path | None:
    """Search the branches of a constraint until no other can be better than the best found; None where none has a path.

    ``solve`` gets a branch's automaton, the scores (T, K) or (T, 1+K), and the reader's symbol of each of its symbols.
    """
    best: Path | None = None
    for count, branch in enumerate(constraint.branches(log_probs)):
        if best is not None and (branch.bound <= best[1] or count >= MAX_BRANCHES):
            break
        found = solve(branch.dfa, log_probs, branch.symbols)
        if found is not None and (best is None or found[1] > best[1]):
            best = tuple(int(branch.symbols[k]) for k in found[0]), found[1]
    return best


def best_ctc_path(dfa: Dfa, log_probs: NDArray[np.float64], symbols: NDArray[np.int64] | None = None) -> Path | None:
    """Give the accepted text whose best single path scores highest, and that score; None where no path is possible.

    ``log_probs`` (T, 1+K) with CTC's blank in column 0; ``symbols`` (M,) says which of the K symbols each of the
    automaton's stands for. The symbols of the answer are the automaton's.
    """
    if dfa.fewest_columns(dfa.start) > len(log_probs):
        return None
    edges = dfa.edges
    chosen = np.arange(dfa.symbols) if symbols is None else symbols
    shown = log_probs[:, 1 + chosen]
    columns = len(log_probs)
    blanks = np.full((columns + 1, len(dfa)), -np.inf)  # in a state, and the last column was blank
    blanks[0, dfa.start] = 0.0
    cells = np.full((columns + 1, len(edges.cell_symbol)), -np.inf)
    group = np.searchsorted(edges.entered, edges.cell_state)
    leaving = np.full(len(dfa), -np.inf)  # in a state, whatever the last column was
    for t in range(columns):
        leaving[:] = blanks[t]
        if len(group):
            best, at, runner_up = best_two(cells[t], group, edges.entered_start)
            leaving[edges.entered] = np.maximum(leaving[edges.entered], best)
            through = leaving[edges.source]
            # Only after a blank may the symbol of the last column follow itself.
            again = edges.again[at]
            repeats = again >= 0
            through[again[repeats]] = np.maximum(blanks[t, edges.entered[repeats]], runner_up[repeats])
            entering = np.maximum.reduceat(through, edges.cell_start)
            cells[t + 1] = np.maximum(cells[t], entering) + shown[t, edges.cell_symbol]
        blanks[t + 1] = leaving + log_probs[t, 0]
    return _backwards(dfa, blanks, cells)


def _backwards(dfa: Dfa, blanks: NDArray[np.float64], cells: NDArray[np.float64]) -> Path | None:
    """Walk from the best end to the start, deciding again at each column what the forward pass decided there."""
    edges = dfa.edges
    columns = len(blanks) - 1
    in_blank = np.where(dfa.accepting, blanks[columns], -np.inf)
    in_cell = np.where(dfa.accepting[edges.cell_state], cells[columns], -np.inf)
    state = int(np.argmax(in_blank))
    cell = int(np.argmax(in_cell)) if len(in_cell) and in_cell.max() > in_blank[state] else -1
    score = float(in_blank[state] if cell < 0 else in_cell[cell])
    if score == -np.inf:
        return None
    cell_end = np.append(edges.cell_start[1:], len(edges.source))
    first_cell = np.searchsorted(edges.cell_state, np.arange(len(dfa) + 1))
    found: list[int] = []

    def best_cell(t: int, state: int, besides: int) -> int:
        """Give the best cell of a state whose symbol is not ``besides``, or -1."""
        places = np.arange(first_cell[state], first_cell[state + 1])
        places = places[edges.cell_symbol[places] != besides]
        return int(places[np.argmax(cells[t, places])]) if len(places) else -1

    for t in range(columns - 1, -1, -1):
        if cell < 0:
            place = best_cell(t, state, -1)
            if place >= 0 and cells[t, place] > blanks[t, state]:
                cell = place
            continue
        symbol = int(edges.cell_symbol[cell])
        highest, to_state, to_cell = cells[t, cell], -1, cell
        for edge in range(int(edges.cell_start[cell]), int(cell_end[cell])):
            source = int(edges.source[edge])
            place = best_cell(t, source, symbol)
            if blanks[t, source] > highest:
                highest, to_state, to_cell = blanks[t, source], source, -1
            if place >= 0 and cells[t, place] > highest:
                highest, to_state, to_cell = cells[t, place], source, place
        if to_state >= 0:
            found.append(symbol)
            state = to_state
        cell = to_cell
    return tuple(reversed(found)), score
