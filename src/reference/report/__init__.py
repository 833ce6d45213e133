"""Results and how they are told: the records, and their rendering as text and JSON."""
