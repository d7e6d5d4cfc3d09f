"""An open citizen self-service portal for a city's utility bills."""
