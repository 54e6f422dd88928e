"""Values written to records, with every record's fate found out."""
