"""Background work: load, one domain call."""
