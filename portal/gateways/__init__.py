"""The outside world: a Protocol and the real thing for each."""
