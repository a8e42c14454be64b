"""Read `.env`, whose variables are defaults for the environment."""

from collections.abc import Mapping
from pathlib import Path

from app.errors import SettingsError


def read_env_file(path: Path) -> Mapping[str, str]:
    """Return the variables of the file, without expanding `$`; an empty mapping without a file.

    Raises:
        SettingsError: A line is invalid, or the file cannot be read.
    """
    if not path.exists():
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415 only needed if the file exists
    from dotenv.parser import parse_stream  # noqa: PLC0415

    try:
        with path.open(encoding="utf-8") as stream:
            for binding in parse_stream(stream):
                is_assignment = binding.value is not None or binding.key is None
                if binding.error or not is_assignment:
                    raise SettingsError(
                        f"{path.name}, line {binding.original.line}: not of the form NAME=value"
                    )
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read {path}: {type(error).__name__}") from None
    values = dotenv_values(path, interpolate=False, encoding="utf-8")
    return {name: value for name, value in values.items() if value is not None}
