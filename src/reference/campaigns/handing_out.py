"""Work handed out to an executor, until all of it has come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import islice
from typing import Any, TypeVar

Task = TypeVar("Task")

_HANDED_OUT = 64  # tasks that are with the executor at a time
_ATTEMPTS = 4  # at a task whose worker is lost each time


class WorkLostError(RuntimeError):
    """A task was handed out again and again and never came back."""


def computed(
    function: Callable[[Task], Any], tasks: Iterable[Task], executor: Executor | None
) -> Iterator[tuple[Task, Any]]:
    """Yield tasks with their results, as they come; each task once.

    Parameters
    ----------
    function : callable
        Task to result; the same wherever and however often it is called.
    tasks : iterable
        Asked for only when there is room for more.
    executor : concurrent.futures.Executor or None
        None to call the function here.

    Raises
    ------
    WorkLostError
        If a task has failed four times.
    """
    if executor is None:
        for task in tasks:
            yield task, function(task)
        return
    tasks = iter(tasks)
    pending: dict[Future[Any], tuple[Task, int]] = {}
    try:
        while True:
            for task in islice(tasks, _HANDED_OUT - len(pending)):
                pending[executor.submit(function, task)] = task, 1
            if not pending:
                return
            finished, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                task, attempt = pending.pop(future)
                try:
                    result = future.result()
                except Exception as error:  # a worker was lost, or fails
                    if attempt == _ATTEMPTS:
                        message = f"{task} was lost {attempt} times; at last: {error!r}"
                        raise WorkLostError(message) from error
                    pending[executor.submit(function, task)] = task, attempt + 1
                else:
                    yield task, result
    finally:
        for future in pending:
            future.cancel()
