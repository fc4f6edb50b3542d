"""A local AWS endpoint for practice, demo and tests: moto plus a model-driven Elastic Disaster Recovery."""
