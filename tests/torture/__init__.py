"""Kill any process of the worker at any moment, and see whether a server is launched twice or an execution stuck."""
