"""Where messages arrive in a test."""

from __future__ import annotations


class Inbox:
    """Takes every message."""

    def __init__(self) -> None:
        self.got: list[str] = []

    def send(self, title: str, text: str) -> bool:
        self.got.append(f"{title}: {text}")
        return True
