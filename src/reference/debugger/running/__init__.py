"""Somebody's program, run: its text, its values at every line, its state and its time.

`program.Program` is what everything else holds in its hands. Nothing here knows what is right.
"""
