"""``manual-lstm train``: from arguments to a trained model."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path

from manual_lstm import CharLM, checks
from reference.training import checkpoint
from reference.training.checkpoint import Checkpoint
from reference.training.options import DEFAULT_EPOCHS, Budget, Options
from reference.training.progress import Display, bits, clock
from reference.training.sample import sample
from reference.training.state import State, first_state
from reference.training.text import Split, Streams, Text, read_text, split
from reference.training.train import Training, iterate
from reference.training.verify import Verification, verify_batch
from reference.unusable import UnusableInputError

SHIPPED_TEXT = "shakespeare.txt"


@dataclass
class Tally:
    """The comparisons with JAX so far."""

    batches: int = 0
    worst: float = 0.0

    def add(self, verification: Verification) -> None:
        """Count one comparison."""
        self.batches += 1
        self.worst = max(self.worst, verification.times)


class GradientsDisagreeError(Exception):
    """The hand-written gradient of a batch is not JAX's."""


def run(arguments: Namespace) -> int:
    """Train as the command line says; return the exit status."""
    path = Path(arguments.text or str(files("reference") / "data" / SHIPPED_TEXT))
    kept = resumed(arguments)
    text = read_text(path)
    options = options_of(arguments, kept)
    texts = split(text, options)
    streams = Streams(texts.training, options.batch, options.steps_per_sequence)
    budget = budget_of(arguments, kept, streams)
    model = CharLM(len(text.vocabulary), options.hidden)
    training = Training(model, options, budget, texts)
    if kept is None:
        start = first_state(model, options, streams)
    else:
        must_be_the_same_text(text, kept, arguments.checkpoint)
        start = kept.state
    state = start

    def keep(state: State) -> None:
        if arguments.checkpoint:
            keeping = Checkpoint(state, options, budget, text.vocabulary, text.sha256)
            checkpoint.save(arguments.checkpoint, keeping)

    if kept is None:
        keep(state)  # a place that cannot be written to is found out now
    display = Display(training, state)
    tally = Tally()
    for line in introduction(arguments, text, texts, training, state):
        display.say(line)
    with display:
        try:
            if not budget.is_spent(state.step, state.seconds):
                verify(training, state, tally, display)
            for state in iterate(training, start):
                display.show(state)
                if state.step % arguments.save_every == 0:
                    keep(state)
                every = arguments.verify_every
                if every and state.step % every == 0:
                    verify(training, state, tally, display)
        except KeyboardInterrupt:
            keep(state)
            display.say(farewell(state, arguments.checkpoint))
            return 130
        except GradientsDisagreeError as error:
            display.say(f"{error}\nTraining stopped at iteration {state.step}.")
            return 1
    keep(state)
    for line in summary(arguments, training, state, display, tally):
        print(line)
    if arguments.sample:
        drawn = sample(
            model, state.params, text.vocabulary, arguments.sample, arguments.temperature,
            seed=options.seed,
        )  # fmt: skip
        print(f"\nSample at temperature {arguments.temperature:g}:\n\n{printable(drawn)}")
    return 0


def resumed(arguments: Namespace) -> Checkpoint | None:
    """Return the checkpoint to continue from, or None for a new run."""
    path = arguments.checkpoint
    if arguments.resume:
        if path is None:
            because = "the file says where the run stands"
            checks.fail("--resume", "no file", "with --checkpoint FILE", because,
                        error=UnusableInputError)  # fmt: skip
        return checkpoint.load(path)
    if path is not None and path.exists():
        because = "a checkpoint is never written over (--resume continues it)"
        checks.fail("--checkpoint", f"the value {path}, which exists", "a new file", because,
                    error=UnusableInputError)  # fmt: skip
    return None


def options_of(arguments: Namespace, kept: Checkpoint | None) -> Options:
    """Return the options given, the rest by default or from the checkpoint."""
    given = {
        field.name: getattr(arguments, field.name)
        for field in fields(Options)
        if getattr(arguments, field.name) is not None
    }
    if kept is None:
        return Options(**given)
    for name, value in given.items():
        must = getattr(kept.options, name)
        if value != must:
            because = f"the run in {arguments.checkpoint} began with it"
            checks.fail("--" + name.replace("_", "-"), f"the value {value}", f"{must}", because,
                        error=UnusableInputError)  # fmt: skip
    return kept.options


def budget_of(arguments: Namespace, kept: Checkpoint | None, streams: Streams) -> Budget:
    """Return the length of the run."""
    if arguments.minutes is not None:
        return Budget(seconds=60 * arguments.minutes)
    if arguments.iterations is not None:
        return Budget(iterations=arguments.iterations)
    if arguments.epochs is None and kept is not None:
        return kept.budget
    return Budget(iterations=streams.segments * (arguments.epochs or DEFAULT_EPOCHS))


def must_be_the_same_text(text: Text, kept: Checkpoint, path: Path) -> None:
    """Refuse to continue on another text."""
    if text.sha256 != kept.text_sha256:
        checks.fail(
            "TEXT",
            f"SHA-256 {text.sha256[:12]}…",
            f"{kept.text_sha256[:12]}…",
            f"the run in {path} began on that text",
            error=UnusableInputError,
        )


def verify(training: Training, state: State, tally: Tally, display: Display) -> None:
    """Check the gradient of the batch that is next against JAX, and tell the outcome."""
    inputs, targets = training.streams.segment(state.segment, state.offset)
    verification = verify_batch(training.model, state.params, inputs, targets, state.lstm)
    if verification.mismatches:
        raise GradientsDisagreeError("\n".join(verification.complaints()))
    tally.add(verification)
    display.say(
        f"Gradients at iteration {state.step:,} agree with JAX: worst error "
        f"{verification.times:.2g} × what rounding explains, in {verification.name} "
        f"({verification.seconds:.1f} s)"
    )


def introduction(
    arguments: Namespace, text: Text, texts: Split, training: Training, state: State
) -> list[str]:
    """Return what is about to happen."""
    options, streams = training.options, training.streams
    source = arguments.text or "the shipped excerpt of Shakespeare (no TEXT given)"
    iterations, seconds = training.budget.iterations, training.budget.seconds
    length = clock(seconds) + " minutes" if seconds else f"{iterations:,} iterations"
    lines = [
        f"Text        {source}: {len(text.characters):,} characters, "
        f"{len(text.vocabulary)} different, the last {len(texts.validation):,} for validation",
        f"Model       LSTM of {options.hidden} units, {parameters(training):,} parameters, "
        f"{options.dtype}",
        f"Training    {length} of {options.batch} × {options.steps_per_sequence} characters; "
        f"{streams.segments:,} iterations are an epoch",
        f"Checkpoint  {arguments.checkpoint or 'none (--checkpoint FILE makes a run resumable)'}",
    ]
    if state.step:
        lines.append(f"Resumed     at iteration {state.step:,}, after {clock(state.seconds)}")
    return lines


def summary(
    arguments: Namespace, training: Training, state: State, display: Display, tally: Tally
) -> list[str]:
    """Return what became of it."""
    return [
        f"Text        {sum(map(len, training.texts)):,} characters, "
        f"{training.model.vocab_size} different",
        f"Parameters  {parameters(training):,}",
        f"Trained     {state.step:,} iterations in {clock(state.seconds)}, "
        f"{display.speed(state):,.0f} characters/s",
        f"Loss        training {bits(state.training_loss)}, "
        f"validation {bits(state.validation_loss)} bits per character",
        f"Gradients   agreed with JAX in {tally.batches} of {tally.batches} batches, "
        f"worst error {tally.worst:.2g} × what rounding explains",
        f"Checkpoint  {arguments.checkpoint or 'none'}",
    ]


def parameters(training: Training) -> int:
    """Return the number of parameters."""
    K, H = training.model.vocab_size, training.model.hidden_size
    return K * 4 * H + H * 4 * H + H * K


def farewell(state: State, path: Path | None) -> str:
    """Return what to do after an interruption."""
    stopped = f"Stopped at iteration {state.step:,}"
    if path is None:
        return f"{stopped}; nothing was kept (--checkpoint FILE keeps a run)."
    return f"{stopped}; the same command with --resume continues from {path}."


def printable(text: str) -> str:
    """Return `text` with characters that could command a terminal replaced."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}"
                   for c in text)  # fmt: skip
