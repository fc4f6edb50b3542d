"""Endpoints about what we protect."""
