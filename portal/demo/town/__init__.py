"""The demo town: a seeded program that writes an exchange folder and meter-reading files.

What it writes is loaded by the ordinary importers; nothing here touches a database.
"""
