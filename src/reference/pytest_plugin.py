"""For other people's test suites: a test of a backward that fails with its diagnosis.

Loaded by pytest as a plugin: neither JAX nor NumPy is imported before a test asks.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reference.debugger.diagnosis import Diagnosis


class DiagnosisError(AssertionError):
    """Raised by `assert_backward`; the message is the diagnosis.

    Attributes
    ----------
    diagnosis : Diagnosis
    """

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(str(diagnosis))
        self.diagnosis = diagnosis


def assert_backward(
    loss: Callable[..., Any],
    backward: Callable[..., Any],
    params: Mapping[str, Any],
    inputs: Mapping[str, Any],
    **options: Any,
) -> Diagnosis:
    """Fail unless `backward` gives the gradients of `loss`; the failure names the line.

    Parameters
    ----------
    loss, backward, params, inputs, **options
        As for `reference.debug`.

    Returns
    -------
    Diagnosis
        With the evidence for "right".

    Raises
    ------
    DiagnosisError
        An `AssertionError`, if the verdict is "wrong", or if it is "inconclusive": what could
        not be told has not been tested.

    Examples
    --------
    In a test suite::

        from reference.pytest_plugin import assert_backward

        def test_my_backward():
            params, inputs = example(np.random.default_rng(0))
            assert_backward(loss, backward, params, inputs, example=example)
    """
    __tracebackhide__ = True
    from reference.debugger.debug import debug  # brings JAX

    diagnosis = debug(loss, backward, params, inputs, **options)
    if diagnosis.verdict != "right":
        raise DiagnosisError(diagnosis)
    return diagnosis


class FailureSection:
    """The failure of a test as pytest prints it: where it was asked, and the diagnosis."""

    def __init__(self, error: DiagnosisError, place: str) -> None:
        self._lines = [place, "", *str(error).splitlines()]
        summary = str(error).split("\n", 1)[0]
        self.reprcrash = SimpleNamespace(message=summary)  # of the short summary

    def __str__(self) -> str:
        return "\n".join(self._lines)

    def toterminal(self, terminal: Any) -> None:
        """Print it; what is wrong and what is right stands out where there is colour."""
        for line in self._lines:
            start = line.lstrip()[:2]
            kind = line.startswith("    ") and {"> ": "bold", "- ": "red", "+ ": "green"}.get(start)
            terminal.line(line, **({kind: True} if kind else {}))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[Any],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the diagnosis in place of a traceback, which would end in our files."""
    report = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, DiagnosisError):
        visible = call.excinfo.traceback.filter(call.excinfo)
        entry = visible[-1] if len(visible) else call.excinfo.traceback[0]
        place = f"{entry.path}:{entry.lineno + 1}: in {entry.name}"
        report.longrepr = FailureSection(call.excinfo.value, place)  # type: ignore[assignment]
    return report
