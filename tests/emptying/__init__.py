"""Empties the database between tests that commit: an app, because Django looks there for commands."""
