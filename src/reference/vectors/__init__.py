"""Golden vectors: one run of a cell with every value and every adjoint, for ports to compare with.

`make` computes them, `files` writes and reads them, `verify` compares a port's answers.
"""

PRECISIONS = ("float64", "float32")
