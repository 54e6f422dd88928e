"""Knows when, not what: the schedule, the loop that follows it, who hears of trouble, and whether all is well."""
