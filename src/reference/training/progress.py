"""What is seen of a training run while it lasts, on standard error.

On a terminal: a bar. Elsewhere: a line every so often, which reads well in a log.
"""

from __future__ import annotations

from math import isnan, log
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from reference.training.state import State
from reference.training.train import Training

_FIRST_LINES = 5.0  # seconds between lines at first; later lines stand further apart
_GROWTH = 0.1
_WIDE = 130  # columns in which the bar has room for all there is to say


class Display:
    """Shows states as they come; a context manager, so that the bar ends where training does."""

    def __init__(self, training: Training, state: State) -> None:
        self.training = training
        self.first = state
        self.last_line = state.seconds
        self.console = Console(stderr=True, highlight=False)
        self.progress = Progress(
            BarColumn(bar_width=16),
            TaskProgressColumn(),
            TextColumn("{task.description}"),
            console=self.console,
            redirect_stdout=False,
            disable=not self.console.is_interactive,
        )
        self.task = self.progress.add_task(self.beside_bar(state), total=1.0)

    def __enter__(self) -> Display:
        self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.progress.stop()

    def say(self, line: str) -> None:
        """Print a line that stays, above the bar if there is one."""
        self.console.print(line, markup=False, soft_wrap=True)

    def show(self, state: State) -> None:
        """Show where the run stands."""
        self.progress.update(
            self.task, completed=self.fraction(state), description=self.beside_bar(state)
        )
        wait = max(_FIRST_LINES, _GROWTH * self.last_line)
        if not self.console.is_interactive and state.seconds >= self.last_line + wait:
            self.last_line = state.seconds
            self.say(f"{self.fraction(state):4.0%}  {self.status(state)}")

    def fraction(self, state: State) -> float:
        """Return how much of the budget is spent."""
        budget = self.training.budget
        if budget.iterations is not None:
            return min(state.step / budget.iterations, 1.0)
        return min(state.seconds / (budget.seconds or 1.0), 1.0)

    def speed(self, state: State) -> float:
        """Return the characters trained on per second since the display began."""
        options = self.training.options
        characters = (state.step - self.first.step) * options.batch * options.steps_per_sequence
        seconds = state.seconds - self.first.seconds
        return characters / seconds if seconds else 0.0

    def status(self, state: State) -> str:
        """Return one line: iteration, epoch, losses, speed, time left."""
        parts = [f"iteration {state.step:,}"]
        if self.training.budget.iterations is not None:
            parts[0] += f" of {self.training.budget.iterations:,}"
        parts.append(f"epoch {state.epoch + 1}")
        parts += [losses(state), f"{self.speed(state):,.0f} chars/s", self.time_left(state)]
        return " · ".join(filter(None, parts))

    def beside_bar(self, state: State) -> str:
        """Return the same line, or what of it fits beside a bar in a narrow terminal."""
        if self.console.width >= _WIDE:
            return self.status(state)
        return " · ".join(filter(None, [losses(state), self.time_left(state)]))

    def time_left(self, state: State) -> str:
        """Return the time left at the speed so far, such as ``3:05 left``; empty at first."""
        budget = self.training.budget
        if budget.iterations is None:
            return clock(max((budget.seconds or 0.0) - state.seconds, 0.0)) + " left"
        done = state.step - self.first.step
        if not done:
            return ""
        each = (state.seconds - self.first.seconds) / done
        return clock(each * (budget.iterations - state.step)) + " left"


def losses(state: State) -> str:
    """Return both losses of a state."""
    training, validation = bits(state.training_loss), bits(state.validation_loss)
    return f"training {training}, validation {validation} bits/char"


def bits(nats: float) -> str:
    """Return a loss in bits, or a dash where there is none yet.

    Examples
    --------
    >>> bits(1.3862943611), bits(float("nan"))
    ('2.000', '–')
    """
    return "–" if isnan(nats) else f"{nats / log(2):.3f}"


def clock(seconds: float) -> str:
    """Return a time as on a clock.

    Examples
    --------
    >>> clock(5.6), clock(3725)
    ('0:06', '1:02:05')
    """
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
