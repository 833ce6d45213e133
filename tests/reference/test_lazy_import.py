"""``reference`` loads JAX when a name is asked for, and not before."""

from __future__ import annotations

import subprocess
import sys

import pytest

import reference

QUESTION = "import sys; {statement}; print(*sorted({{'jax', 'numpy', 'rich'}} & set(sys.modules)))"


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [
        ("import reference", ""),
        ("import reference.cli", ""),
        ("from reference import check", "jax numpy"),
    ],
)
def test_what_an_import_loads(statement, loaded):
    script = QUESTION.format(statement=statement)
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == loaded


def test_every_public_name_is_there():
    for name in reference.__all__:
        assert getattr(reference, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        reference.no_such_name  # noqa: B018  (the look-up is the test)
