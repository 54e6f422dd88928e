"""The organisation itself: records, definitions, users, permissions, and what every write goes through."""
