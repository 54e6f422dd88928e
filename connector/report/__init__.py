"""One report of one evaluation: a page for people, CSV and JSON for machines."""

from connector.report.files import write
from connector.report.source import PlannedAccount, ReportInput

__all__ = ["PlannedAccount", "ReportInput", "write"]
