"""One module a screen: layout only."""
