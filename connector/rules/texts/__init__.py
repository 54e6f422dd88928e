"""Sentences in Dutch and English: how they are written in a file, and how a rule tells what it rests on."""
