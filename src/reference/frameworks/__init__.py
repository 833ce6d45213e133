"""The verified backward inside other frameworks; each module needs its framework installed.

Nothing here is imported by default. ``reference.frameworks.torch`` and
``reference.frameworks.jax`` have one function each, `recurrence`, which their framework
differentiates by the hand-written backward of manual_lstm and by nothing else.
"""
