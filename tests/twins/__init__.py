"""In-memory twins of the ports: a model CRM, an engine whose verdicts come from a function, a journal, a mirror.

They are held to the same contract suites as the real ones. `Crashing` wraps any of them and dies, like a process
that is killed, before or after any call.
"""

from tests.twins.crm import ModelCrm
from tests.twins.engine import FunctionEngine, Wanted
from tests.twins.fate import Clock, Crash, Crashing, Fate, MemoryLease
from tests.twins.house import House, by_revenue, open_limits, rule_set
from tests.twins.journal import MemoryJournal
from tests.twins.mirror import MemoryMirror
from tests.twins.words import NAMES, OUTPUTS, START, Row

__all__ = [
    "NAMES",
    "OUTPUTS",
    "START",
    "Clock",
    "Crash",
    "Crashing",
    "Fate",
    "FunctionEngine",
    "House",
    "MemoryJournal",
    "MemoryLease",
    "MemoryMirror",
    "ModelCrm",
    "Row",
    "Wanted",
    "by_revenue",
    "open_limits",
    "rule_set",
]
