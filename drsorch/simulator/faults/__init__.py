"""Faults on request: rules that say which calls go wrong, how, and how often.

Rules are used up by calls only, never by the passing of time; that is what lets the journal repeat them.
"""

from drsorch.simulator.faults.in_force import Faults, Hits, Turn
from drsorch.simulator.faults.kinds import Kind, RuleFields, Stage
from drsorch.simulator.faults.rules import FaultRule, Place

__all__ = ["FaultRule", "Faults", "Hits", "Kind", "Place", "RuleFields", "Stage", "Turn"]
