"""The search for a mend: places in the order of the evidence, edits of the catalogue, trials.

Begin with `search.Search`; the edits themselves are those of `reference.debugger.repair`.
"""
