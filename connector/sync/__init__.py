"""The walk of a run: pull, evaluate, plan, guard, write, each step in its own module, all of them in run.py."""

from connector.sync.parts import Policy
from connector.sync.result import Result
from connector.sync.run import Walk

__all__ = ["Policy", "Result", "Walk"]
