"""Names of the small facts that wiring itself keeps in the journal."""

QUOTA_LEFT = "crm.quota_left"
"""Calls left of the CRM's day, as the last run saw it."""
