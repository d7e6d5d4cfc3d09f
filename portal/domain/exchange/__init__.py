"""The nightly files in and out."""
