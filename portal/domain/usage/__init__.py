"""Meter readings in, usage out."""
