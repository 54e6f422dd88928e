"""Calls to an organisation: ways in, one try of one call, what an answer means, queries, and what this user may do."""
