"""From what was found to the answer: fixes without needless edits, and suspects in order."""
