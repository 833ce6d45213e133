"""Right or wrong, before any line is looked at: the verdict, and who has a vote in it.

Begin with `verdict.judge`.
"""
