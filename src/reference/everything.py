"""What is checked where nothing is named: every built-in cell, the layers, the character model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from manual_lstm import GRU, LSTM, Bidirectional, CharLM, Residual, Stack
from manual_lstm.layer import Layer
from reference.cells import TWINS
from reference.char_lm_check import check_char_lm
from reference.checker import check
from reference.load import load_cell
from reference.report.record import Report

# Every kind of layer and every way to merge; the last has each of them inside another.
CHECKED_LAYERS: tuple[Layer, ...] = (
    Stack([LSTM(2, 3), GRU(3, 4)]),
    *(Bidirectional(LSTM(2, 3), merge=how) for how in ("concat", "sum", "mean", "mul")),
    Residual(LSTM(3, 3)),
    Stack([Bidirectional(GRU(2, 3)), Residual(Bidirectional(LSTM(6, 3)))]),
)


def everything() -> dict[str, Any]:
    """Return what is checked where nothing is named, by the name that its report has.

    Examples
    --------
    >>> names = list(everything())
    >>> names[0], names[-1], "Bidirectional(LSTM, merge='sum')" in names
    ('LSTM', 'CharLM', True)
    """
    cells = {cell.__name__: cell for cell in TWINS}
    return {**cells, **{short(layer): layer for layer in CHECKED_LAYERS}, CharLM.__name__: CharLM}


def report_on(asked: Any, **options: Any) -> Report:
    """Check one of `everything`, or a cell or layer of the user's.

    Parameters
    ----------
    asked : Cell, class of cells, Layer, CharLM or str
        A str is ``"FILE.py:NAME"``.
    options
        As for `reference.check`.
    """
    if asked is CharLM:
        return check_char_lm(**options)
    report = check(load_cell(asked) if isinstance(asked, str) else asked, **options)
    return replace(report, name=short(asked)) if asked in CHECKED_LAYERS else report


def short(model: Any) -> str:
    """Return a layer as one would write it, without sizes.

    Examples
    --------
    >>> short(CHECKED_LAYERS[0])
    'Stack([LSTM, GRU])'
    """
    if isinstance(model, Stack):
        return f"Stack([{', '.join(map(short, model.layers))}])"
    if isinstance(model, Bidirectional):
        merge = "" if model.merge == "concat" else f", merge={model.merge!r}"
        return f"Bidirectional({short(model.forward_layer)}{merge})"
    if isinstance(model, Residual):
        return f"Residual({short(model.layer)})"
    return type(model).__name__
