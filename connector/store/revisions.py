"""The released schemas of the database, and where the one of a database is recorded."""

REVISIONS = ("0001", "0002")
"""Oldest first; the last one is the one of this version."""
VERSION_TABLE = "tiersync_schema"
"""Holds the revision; a name of our own, so that another tool's version table is never taken for ours."""
