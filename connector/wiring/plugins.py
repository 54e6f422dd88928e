"""`python -m connector.wiring.plugins FOLDER`: the shipped outputs as what a Salesforce admin deploys by hand."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from connector.crm.salesforce import API_VERSION
from connector.crm.salesforce.provisioning import package
from connector.rules.loading import load
from connector.wiring import shipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.model.outputs import Output

ZIP = "customer-tiering.zip"
LANGUAGE = "en"


def outputs(rules: Path) -> Sequence[Output]:
    """Return every output of a folder of rules."""
    return [published.output for published in load(rules, {}).outputs]


def files(wanted: Sequence[Output]) -> dict[str, bytes]:
    """Return the folder: path -> bytes; one source folder, one zip."""
    source = package.source(wanted, language=LANGUAGE, version=API_VERSION)
    made = {path: text.encode() for path, text in source.items()}
    return made | {ZIP: package.archive(wanted, language=LANGUAGE, version=API_VERSION)}


def write(folder: Path, wanted: Sequence[Output]) -> None:
    """Write the folder anew; what else lies in it stays."""
    shutil.rmtree(folder / "force-app", ignore_errors=True)
    for path, content in files(wanted).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


if __name__ == "__main__":
    write(Path(sys.argv[1]), outputs(shipped("rules")))
