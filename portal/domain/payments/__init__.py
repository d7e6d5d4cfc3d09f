"""Payments, their states, the ledger, the sweeps."""
