"""`Float`: what the name ``float`` means to code that runs on elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.exact.field import Element


class _Passing(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, (float, Element))

    def __call__(cls, number: Any = 0.0) -> Any:
        if isinstance(number, np.ndarray) and number.dtype == object and number.size == 1:
            number = number.item()
        return number if type(number) is Element else float(number)


class Float(metaclass=_Passing):
    """Stands for `float`, in its three uses: a conversion, an isinstance test, a dtype.

    NumPy takes a class that it does not know for the dtype object, which is what is wanted of
    ``astype(float)`` here.

    Examples
    --------
    >>> import numpy as np
    >>> Float("2.5"), isinstance(1.0, Float), np.dtype(Float)
    (2.5, True, dtype('O'))
    >>> x = Element(7)
    >>> Float(x) is x, isinstance(x, Float)
    (True, True)
    """
