"""My Notifications and the daily alert."""
