"""Our fields and permission sets: made, granted, or given to an admin as files."""
