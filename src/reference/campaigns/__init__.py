"""Campaigns: many random problems for many cells, by many workers."""
