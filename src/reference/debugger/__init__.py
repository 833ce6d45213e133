"""The debugger: from "the gradient check failed" to the line, the step, the value and a mend.

`debug.debug` asks one part after the other; each part knows only those that stand before it.

========== =============================================================================
running    somebody's program: its text, its values at every line, its state, its time
texts      two texts of one program: what differs, what names stand for
judging    right or wrong, and who has a vote in it
values     what every line should have given: adjoints, probes, evidence
repair     the catalogue: what may be mended on a line
searching  places in the order of the evidence, edits of the catalogue, trials
naming     what a mistake is called, and at which time steps it shows
answering  from what was found to fixes and suspects
faults     several mistakes at once
========== =============================================================================

What is said in the end is plain data: `diagnosis.Diagnosis`.
"""
