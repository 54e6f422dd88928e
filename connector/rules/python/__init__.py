"""The rule tree in plain Python: one account, a few, or a whole population."""
