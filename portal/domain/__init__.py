"""Money, permission and time decided in plain Python; one package a noun."""
