"""The sections of a rule file: what each declares, and how it becomes nodes."""
