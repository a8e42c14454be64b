"""Report packages of the generator, which are compared like those of a folder."""

from pathlib import Path

from tests.filings.esef import make_esef
from tests.filings.inline import Inline
from tests.filings.samples import SAMPLES

_SEED = 5
_PACKAGES = {
    "ifrs": Inline(),
    "german": Inline(registry=3, numbered=True, blocks=True),
    "french": Inline(registry=5, nested=True),
}


def write_packages(folder: Path) -> None:
    """Write ESEF packages in three languages into a folder."""
    for name, inline in _PACKAGES.items():
        package = make_esef(_SEED, SAMPLES[name], inline)
        (folder / f"generated-{name}.zip").write_bytes(package.data)
