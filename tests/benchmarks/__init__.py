"""How fast it is, on this machine, now: run by `make bench`, never a timed test."""
