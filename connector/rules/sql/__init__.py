"""The rule tree as SQL."""
