"""What a mistake is called, and at which time steps it shows.

Begin with `kinds.kind_of` and `patterns.pattern_of_runs`, where a mend is known, and with
`kinds_by_numbers` where none is.
"""
