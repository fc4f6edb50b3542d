"""The demo: a whole installation on one machine, with the local AWS endpoint as its AWS."""
