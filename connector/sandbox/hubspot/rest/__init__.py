"""The calls on records, properties, associations and reference data."""
