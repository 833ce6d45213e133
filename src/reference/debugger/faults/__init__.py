"""Several mistakes at once: each line alone, while values stand in for all others."""
