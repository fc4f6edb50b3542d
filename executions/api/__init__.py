"""Endpoints about what happens."""
