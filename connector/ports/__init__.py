"""What the core asks of the outside: a CRM, a mirror, an engine, a journal, a notifier.

Every implementation of a port is held to one contract suite (tests/contract). Rooms never import each
other; they meet here.
"""

from connector.ports.beside import Beside, Join, Matched, Read, Source
from connector.ports.crm import Cost, Crm, Finding, Page, ProvisionStep, PullRequest, PullSummary, Quota
from connector.ports.engine import Engine, Evaluation, EvaluationRequest
from connector.ports.journal import ChangeRow, Holder, Journal, Lease, QuarantineRow, RunRow
from connector.ports.mirror import Mirror, Snapshot, SnapshotDraft, TableSnapshot
from connector.ports.outside import Clock, Notifier, Progress

__all__ = [
    "Beside",
    "ChangeRow",
    "Clock",
    "Cost",
    "Crm",
    "Engine",
    "Evaluation",
    "EvaluationRequest",
    "Finding",
    "Holder",
    "Join",
    "Journal",
    "Lease",
    "Matched",
    "Mirror",
    "Notifier",
    "Page",
    "Progress",
    "ProvisionStep",
    "PullRequest",
    "PullSummary",
    "QuarantineRow",
    "Quota",
    "Read",
    "RunRow",
    "Snapshot",
    "SnapshotDraft",
    "Source",
    "TableSnapshot",
]
