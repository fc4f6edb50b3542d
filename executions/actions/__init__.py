"""Do what was decided: at most one kind of AWS call with no transaction open, then one short record."""
