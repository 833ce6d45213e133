"""What a training run is asked to be."""

from __future__ import annotations

from dataclasses import dataclass

# Epochs of a run that states no length: about a quarter of an hour for a million characters on
# two cores, about a minute for the text that is shipped.
DEFAULT_EPOCHS = 10


@dataclass(frozen=True)
class Options:
    """What decides the numbers of a run, together with the text; a checkpoint fixes them.

    Parameters
    ----------
    hidden : int
        H, the number of LSTM units.
    batch : int
        B, the number of parallel streams that the text is cut into.
    steps_per_sequence : int
        T, the steps that the gradient goes back. The state is carried from one segment of T
        characters to the next, the gradient is not: truncated back-propagation through time.
    learning_rate : float
        Of the first iteration.
    clip : float
        Largest allowed global norm of the gradient in a step of the optimiser; 0 for no limit.
    restart : float
        Probability that a stream begins its next segment from the zero state. A state that is
        carried for thousands of characters is all that the model would see otherwise, and it
        would predict a fresh text badly for long.
    validation : float
        Fraction of the text, at its end, that is only ever predicted.
    dtype : str
        ``"float32"`` or ``"float64"``.
    seed : int
        Of the weights, of where in the text each epoch begins, and of restarts.
    """

    hidden: int = 256
    batch: int = 32
    steps_per_sequence: int = 64
    learning_rate: float = 4e-3
    clip: float = 1.0
    restart: float = 0.03
    validation: float = 0.1
    dtype: str = "float32"
    seed: int = 0


@dataclass(frozen=True)
class Budget:
    """How long a run lasts, from its very beginning: a number of iterations or of seconds.

    With a number of iterations the learning rate falls along a cosine to a tenth. With a number
    of seconds it stays as it is, because a clock would make the run impossible to repeat.
    """

    iterations: int | None = None
    seconds: float | None = None

    def is_spent(self, step: int, seconds: float) -> bool:
        """Tell whether a run that has done `step` iterations in `seconds` is over."""
        if self.iterations is not None:
            return step >= self.iterations
        return self.seconds is not None and seconds >= self.seconds
