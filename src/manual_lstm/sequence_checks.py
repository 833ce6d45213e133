"""What `forward` and `backward` ask of their arguments."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from manual_lstm import checks
from manual_lstm.checks import Array
from manual_lstm.layer import Layer, output_shape
from manual_lstm.shapes import evaluate, in_letters
from manual_lstm.tape import Tape
from manual_lstm.trees import leaves, named_leaves, output_of, tree_map, zeros_like

CELL_METHODS = ("init_state", "step", "step_backward")


def is_cell(cell: Any, name: str = "cell") -> None:
    """Refuse what has no steps to run, and the class of a cell in place of a cell."""
    if isinstance(cell, type):
        checks.fail(
            name,
            f"the class {cell.__name__}",
            "a cell",
            "only an instance has sizes and steps",
            hint=f"pass {cell.__name__}(...)",
            error=TypeError,
        )
    for method in CELL_METHODS:
        if not hasattr(cell, method):
            checks.fail(
                name,
                f"type {type(cell).__name__} without {method}",
                "a cell",
                f"a cell has {', '.join(CELL_METHODS)}",
                error=TypeError,
            )


def container(name: str, value: Any, expected: type) -> None:
    """Refuse arrays held in another container than `expected`."""
    if not isinstance(value, expected):
        has, must = f"type {type(value).__name__}", f"of type {expected.__name__}"
        checks.fail(name, has, must, "its arrays are read by name", error=TypeError)


def params(cell: Any, params: Any, name: str = "params") -> np.dtype[Any]:
    """Check parameters against the shapes that `cell` states; return their common dtype.

    `cell` may be a layer; `name` is what the error calls the parameters.
    """
    if isinstance(cell, Layer):
        return cell.check_params(name, params)
    is_cell(cell)
    sizes = getattr(cell, "sizes", None)
    if sizes is not None:
        container(name, params, type(cell.param_shapes))
    named = named_leaves(params)
    if not named or "" in named:
        has = "no arrays" if not named else f"type {type(params).__name__}"
        checks.fail(name, has, "a NamedTuple of arrays", "the step reads them", error=TypeError)
    if sizes is not None:
        _has_shapes(name, named, named_leaves_of_shapes(cell.param_shapes), sizes)
    first, dtype = next(iter(named)), None
    for leaf, array in named.items():
        checks.is_array(f"{name}.{leaf}", array)
        checks.is_number_dtype(f"{name}.{leaf}", array)
        dtype = dtype or array.dtype
        if array.dtype != dtype:  # asked first: words are made for an error alone
            because = f"{name}.{first} has dtype {dtype} and precision is never mixed"
            checks.has_dtype(f"{name}.{leaf}", array, dtype, because)
    assert dtype is not None
    return dtype


def inputs(cell: Any, xs: Array, dtype: np.dtype[Any]) -> tuple[int, int]:
    """Check the rank, dtype and input size of `xs`; return (T, B)."""
    checks.is_array("xs", xs)
    is_index = xs.dtype.kind in "iu"
    if is_index:
        if xs.ndim != 2:
            checks.fail(
                "xs",
                f"dtype {xs.dtype} and shape {xs.shape}",
                "(T, B)",
                "integers are index inputs, one for each step and row",
                hint="for dense inputs: xs.astype(np.float64), shape (T, B, D)",
            )
    else:
        checks.is_number_dtype("xs", xs)
        if xs.ndim != 3:
            checks.fail("xs", f"shape {xs.shape}", "(T, B, D)", "inputs are time-major batches")
        if xs.dtype != dtype:
            checks.has_dtype("xs", xs, dtype, f"the parameters have dtype {dtype}")
        sizes = getattr(cell, "sizes", {})
        if "D" in sizes and xs.shape[2] != sizes["D"]:
            T, B, D = *xs.shape[:2], sizes["D"]
            checks.has_shape("xs", xs, (T, B, D), "(T, B, D)", f"the cell has input size D = {D}")
    return xs.shape[0], xs.shape[1]


def indices(cell: Any, xs: Array, lengths: Array | None) -> None:
    """Check that every index that is read is in [0, D)."""
    sizes = getattr(cell, "sizes", {})
    if xs.dtype.kind not in "iu" or "D" not in sizes:
        return
    if lengths is not None:
        padding = np.arange(len(xs))[:, None] >= lengths
        xs = np.where(padding, 0, xs)
    checks.in_range("xs", xs, 0, sizes["D"] - 1, f"the cell has input size D = {sizes['D']}")


def lengths(lengths: Array | None, T: int, B: int) -> Array | None:
    """Check that `lengths` is (B,) integers in [0, T]."""
    if lengths is None:
        return None
    checks.is_index_array("lengths", lengths, "its entries count steps")
    checks.has_shape("lengths", lengths, (B,), "(B,)", f"xs has a batch of B = {B}")
    checks.in_range("lengths", lengths, 0, T, f"xs has T = {T} steps")
    return lengths


def segment(cell: Any, segment: Any) -> None:
    """Check that `segment` is a number of steps, "auto" or None, and that `cell` can be cut."""
    if segment is None:
        return
    if isinstance(cell, Layer) and cell.reads_ahead:
        because = "a layer that reads the sequence from its end cannot read it in parts"
        checks.fail("segment", f"the value {segment!r}", "None", because)
    checks.segment_size("segment", segment)


def state(name: str, cell: Any, state: Any, B: int, dtype: np.dtype[Any]) -> None:
    """Check a state (or its cotangent) against the state that `cell` starts from."""
    template = cell.init_state(B, dtype)
    expected, got = named_leaves(template), named_leaves(state)
    because = "that is the state of the cell"
    if type(state) is not type(template):
        has, must = f"type {type(state).__name__}", f"of type {type(template).__name__}"
        checks.fail(name, has, must, because, error=TypeError)
    if list(got) != list(expected):
        has, must = f"the arrays {', '.join(got) or 'none'}", ", ".join(expected)
        checks.fail(name, has, must, because, error=TypeError)
    for field, array in got.items():
        checks.is_array(f"{name}.{field}", array)
        shape = expected[field].shape
        if array.shape != shape:
            letters = named_leaves_of_shapes(getattr(cell, "state_shapes", None))
            symbols = in_letters(letters[field]) if field in letters else "the shape"
            checks.has_shape(f"{name}.{field}", array, shape, symbols, f"xs has a batch of B = {B}")
        if array.dtype != dtype:
            because = f"the parameters have dtype {dtype}"
            checks.has_dtype(f"{name}.{field}", array, dtype, because)


def cotangents(tape: Tape, dhs: Array | None, dstate_T: Any) -> tuple[Array, Any]:
    """Check `dhs` and `dstate_T`; return them with zeros where they were left out."""
    if not isinstance(tape, Tape):
        not_a_tape(tape, "of type Tape", "forward")
    dtype = leaves(tape.state0)[0].dtype
    T, B = tape.xs.shape[:2]
    shape = (T, *output_shape(tape.cell, tape.state0))
    if dhs is None:
        dhs = np.zeros(shape, dtype)
    checks.is_array("dhs", dhs)
    if dhs.shape != shape:
        letters = getattr(tape.cell, "state_shapes", None)
        symbols = "(T, B, H)" if letters is None else in_letters(("T", *output_of(letters)))
        checks.has_shape("dhs", dhs, shape, symbols, "hs has that shape")
    if dhs.dtype != dtype:
        checks.has_dtype("dhs", dhs, dtype, f"hs has dtype {dtype}")
    if dstate_T is None:
        return dhs, zeros_like(tape.state0)
    dstate_T = _fill_missing(dstate_T, zeros_like(tape.state0))
    state("dstate_T", tape.cell, dstate_T, B, dtype)
    # A copy, because the gradient of state0 is this very array when T = 0.
    return dhs, tree_map(np.copy, dstate_T)


def not_a_tape(tape: Any, expected: str, maker: str) -> NoReturn:
    """Refuse what is not the tape of `maker`."""
    checks.fail(
        "tape",
        f"type {type(tape).__name__}",
        expected,
        f"it is made by {maker}",
        hint="pass the third result of forward" if isinstance(tape, tuple) else None,
        error=TypeError,
    )


def _fill_missing(tree: Any, zeros: Any) -> Any:
    """Replace what is None in a tuple, at any depth, by zeros; leave anything else to `state`."""
    if tree is None:
        return zeros
    if type(tree) is type(zeros) and isinstance(tree, tuple) and len(tree) == len(zeros):
        parts = [_fill_missing(part, zero) for part, zero in zip(tree, zeros, strict=True)]
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    return tree


def named_leaves_of_shapes(shapes: Any) -> dict[str, tuple[str, ...]]:
    """Return symbolic shapes by dotted name; a shape is a tuple of strings, hence a leaf."""
    named: dict[str, tuple[str, ...]] = {}
    if shapes is None:
        return named
    pairs = shapes.items() if isinstance(shapes, dict) else zip(shapes._fields, shapes, strict=True)
    for name, shape in pairs:
        if shape is None:
            continue
        if isinstance(shape, dict) or hasattr(shape, "_fields"):
            inner = named_leaves_of_shapes(shape)
            named |= {f"{name}.{key}": value for key, value in inner.items()}
        else:
            named[name] = shape
    return named


def _has_shapes(
    kind: str, named: dict[str, Any], shapes: dict[str, tuple[str, ...]], sizes: dict[str, int]
) -> None:
    if named.keys() != shapes.keys():
        checks.fail(
            kind,
            f"the arrays {', '.join(named)}",
            ", ".join(shapes),
            "those are the parameters of the cell",
            error=TypeError,
        )
    for name, shape in shapes.items():
        array = checks.is_array(f"{kind}.{name}", named[name])
        must = evaluate(shape, sizes)
        if array.shape != must:
            letters = sorted({letter for each in shape for letter in each if letter in sizes})
            checks.fail(
                f"{kind}.{name}",
                f"shape {array.shape}",
                f"{in_letters(shape)} = {must}",
                "the cell has " + ", ".join(f"{letter} = {sizes[letter]}" for letter in letters),
                hint=_whose_layout(named),
            )


def _whose_layout(named: dict[str, Any]) -> str | None:
    """Tell which framework's weights these seem to be; only asked when they do not fit."""
    from manual_lstm.layouts.recognize import hint  # layouts need what needs this module

    return hint(named, "manual_lstm")
