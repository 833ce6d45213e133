"""For other people's test suites: a test of a backward that fails with its diagnosis.

Loaded by pytest as a plugin: neither JAX nor NumPy is imported before a test asks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Mapping
from contextvars import ContextVar
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reference.debugger.diagnosis import Diagnosis


MARKER = (
    "backward(**options): a test of a hand-written backward. `-m backward` runs these alone; the "
    "options, such as seconds=5 or seed=3, are those of assert_backward in the test, where it is "
    "given no others."
)
REPEAT = "To repeat it, a script with the smallest example that was found:"
_OPTIONS: ContextVar[Mapping[str, Any] | None] = ContextVar("options of the marker", default=None)


class DiagnosisError(AssertionError):
    """Raised by `assert_backward`; the message is the diagnosis, and how to repeat it.

    Attributes
    ----------
    diagnosis : Diagnosis
    script : str
        A program that asks again, about the smallest example that was found.
    """

    def __init__(self, diagnosis: Diagnosis, script: str) -> None:
        super().__init__(f"{diagnosis}\n\n{REPEAT}\n\n{script}")
        self.diagnosis = diagnosis
        self.script = script


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
        As for `reference.debug`. Options that are not given are taken from the marker
        ``@pytest.mark.backward(...)`` of the test, if it has one.

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
    from reference.repetition import repetition

    options = {**(_OPTIONS.get() or {}), **options}
    diagnosis = debug(loss, backward, params, inputs, **options)
    if diagnosis.verdict != "right":
        given, example = (params, inputs), options.get("example")
        script = repetition(loss, backward, given, diagnosis.wrong, example)
        raise DiagnosisError(diagnosis, script)
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


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Let the options of the marker hold while the test runs; the nearest marker wins."""
    options: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers("backward"))):
        options |= marker.kwargs
    before = _OPTIONS.set(options)
    try:
        yield
    finally:
        _OPTIONS.reset(before)


def _held(excinfo: pytest.ExceptionInfo[BaseException]) -> list[tuple[str, Any]]:
    """Return the answers that are not "right" among the variables of the failing function."""
    made = sys.modules.get("reference.debugger.diagnosis")  # only if somebody has asked
    if made is None or not excinfo.errisinstance(AssertionError):
        return []
    values = excinfo.traceback[-1].frame.f_locals.items()
    return [(name, value) for name, value in values
            if isinstance(value, made.Diagnosis) and value.verdict != "right"]  # fmt: skip


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[Any],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the diagnosis in place of a traceback, which would end in our files.

    An answer that the test holds itself, as in ``assert d.verdict == "right"``, is shown below.
    """
    report = yield
    if call.excinfo is not None and not isinstance(call.excinfo.value, DiagnosisError):
        report.sections += [(f"{name}, as the debugger tells it", str(told))
                            for name, told in _held(call.excinfo)]  # fmt: skip
    if call.excinfo is not None and isinstance(call.excinfo.value, DiagnosisError):
        visible = call.excinfo.traceback.filter(call.excinfo)
        entry = visible[-1] if len(visible) else call.excinfo.traceback[0]
        place = f"{entry.path}:{entry.lineno + 1}: in {entry.name}"
        report.longrepr = FailureSection(call.excinfo.value, place)  # type: ignore[assignment]  # pytest takes any object with toterminal
    return report
