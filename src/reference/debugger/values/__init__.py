"""What every line should have given: adjoints of the loss, probes, and the evidence of both.

Begin with `evidence` (which line alone can explain the gradients) and `adjoints`.
"""
