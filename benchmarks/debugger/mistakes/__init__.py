"""The mistaken programs: one module for each family of mistakes, each with a tuple `MISTAKES`."""
