"""LibreOffice without a window: it opens a workbook, computes every formula and saves it."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

PROGRAM: Final = shutil.which("soffice")
SETTINGS: Final = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
 <item oor:path="/org.openoffice.Office.Calc/Formula/Load">
  <prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop>
 </item>
</oor:items>
"""
"""Compute on load, always: else the values that are stored in the file would be kept."""
SECONDS: Final = 180

needs_libreoffice = pytest.mark.skipif(PROGRAM is None, reason="LibreOffice is not installed")


def converted(files: Sequence[Path], folder: Path, kind: str = "xlsx") -> list[Path]:
    """Return the files as LibreOffice saves them, in a folder; its profile is there too."""
    assert PROGRAM
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(SETTINGS, encoding="utf-8")
    target = folder / "saved"
    command = [
        *(PROGRAM, "--headless", "--norestore", f"-env:UserInstallation={profile.as_uri()}"),
        *("--convert-to", kind, "--outdir", str(target), *map(str, files)),
    ]
    done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    saved = [target / f"{each.stem}.{kind}" for each in files]
    assert done.returncode == 0, done.stderr.decode()
    assert all(each.exists() for each in saved), done.stderr.decode()
    return saved
