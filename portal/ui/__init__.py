"""Our component kit."""
