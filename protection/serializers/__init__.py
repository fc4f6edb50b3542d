"""Shapes of accounts, protection groups and source servers."""
