"""What this room says, in English until somebody asks for it in their language."""

from __future__ import annotations

from functools import partial

from connector.model.texts import Said

say = partial(Said, "connector.store")
