"""Attempts to do what one may not."""
