"""Shapes of executions, of what DRS does for them, and of the looks before a start."""
