"""The sections of a rule file: what each declares, by which names, and how it becomes nodes."""
