"""Pure decisions: wanted, found and last written become a plan; guards say whether it may be written."""
