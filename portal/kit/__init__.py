"""Foundations with no knowledge of ours: money, clock, ids, database, errors, units, text."""
