"""The pages that show what the demo prints: `python -m tests.repository.demo_pages` renews them.

In a block of output, `…` stands for what differs from day to day and from machine to machine.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.shell import BACKEND, Done
from tests.helpers.terminal import run_in_terminal

ROOT = BACKEND.parent
README = Path("README.md")
TUTORIAL = Path("docs", "statements", "tutorial.md")
README_COLUMNS = 120
TUTORIAL_COLUMNS = 80
SET_UP = 'make demo\nexport PATH="$PWD/backend/.demo:$PATH"\n'
"""The first commands of the tutorial."""
_PRINTED = re.compile(r"^```text\n(\$ backend/\.demo/fde .*?)^```$", re.MULTILINE | re.DOTALL)
_SHOWN = re.compile(r"^```bash\n(fde .*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CHANGING = (
    (re.compile(r"(?<=sha256 )[0-9a-f]+"), "…"),
    (re.compile(r"(?<= on )20\d\d-\d\d-\d\d(?=, because)"), "…"),
)


def readme_output(page: str) -> str:
    """Return what the README shows of the demo."""
    (shown,) = _PRINTED.findall(page)
    return str(shown)


def tutorial_commands(page: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of the tutorial with what each of them prints."""
    for match in _SHOWN.finditer(page):
        yield match[1], match[2]


def is_shown(printed: str, shown: str) -> bool:
    """Whether a page shows what was printed."""
    pattern = ".*?".join(re.escape(part) for part in shown.split("…"))
    return re.fullmatch(pattern, printed) is not None


def run_tutorial_command(command: str, root: Path) -> Done:
    """Run a command of the tutorial as it is written; what it says is at the end of `stdout`."""
    env = {"PATH": f"{root / 'backend' / '.demo'}:/usr/local/bin:/usr/bin:/bin"}
    done = run_in_terminal("sh", "-c", command, cwd=root, columns=TUTORIAL_COLUMNS, env=env)
    return Done(done.returncode, done.stdout + done.stderr, "")


def run_demo(root: Path, **env: str) -> Done:
    """Run `make demo` in a checkout, in a terminal as wide as the README shows it."""
    return run_in_terminal("make", "demo", cwd=root, columns=README_COLUMNS, env=env)


def main() -> None:
    """Write into the pages what the commands print now."""
    demo = run_demo(ROOT)
    page = (ROOT / README).read_text(encoding="utf-8")
    (ROOT / README).write_text(page.replace(readme_output(page), demo.stdout), encoding="utf-8")

    def renewed(match: re.Match[str]) -> str:
        printed = run_tutorial_command(match[1], ROOT).stdout
        for pattern, stand_in in _CHANGING:
            printed = pattern.sub(stand_in, printed)
        return match[0].replace(f"```text\n{match[2]}", f"```text\n{printed}")

    page = (ROOT / TUTORIAL).read_text(encoding="utf-8")
    (ROOT / TUTORIAL).write_text(_SHOWN.sub(renewed, page), encoding="utf-8")
    (ROOT / "cvf.xlsx").unlink(missing_ok=True)


if __name__ == "__main__":
    main()
