"""Our group, properties and options: made, never changed in type."""
