"""`make bench`: every benchmark, or the ones named: `python -m bench first_walk`.

Each module of this folder with a `main()` is a benchmark. It prints its figures and returns whether
its promise held; the exit code is 1 when one did not.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench


def names() -> list[str]:
    """Every benchmark in this folder."""
    return sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_"))


def main(wanted: list[str]) -> int:
    """Run them in order; 1 when a promise did not hold."""
    broken = []
    for name in wanted or names():
        print(f"── {name} " + "─" * (70 - len(name)), flush=True)
        held = importlib.import_module(f"bench.{name}").main()
        if held is False:
            broken.append(name)
    print("promises broken: " + (", ".join(broken) or "none"))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
