"""Print where the time of compiling goes: `python -m tests.bench.profiled COMPANIES FUNCTIONS`.

The database is that of DATABASE_URL; nothing is written.
"""

import cProfile
import pstats
import sys
from collections.abc import Sequence

from app.db import base
from app.services.compiling import companies_to_compile, compile_changes


def main(arguments: Sequence[str]) -> None:
    """Compile some companies in one transaction that is rolled back, and print the profile."""
    companies, functions = map(int, arguments)
    with base.SessionLocal() as session:
        ids = companies_to_compile(session)[:companies]
        profile = cProfile.Profile()
        profile.enable()
        for each in ids:
            compile_changes(session, each)
        profile.disable()
        session.rollback()
    found = pstats.Stats(profile, stream=sys.stdout).strip_dirs()
    sys.stdout.write(f"Profile of {len(ids)} companies, by a function's own time:\n")
    found.sort_stats("tottime").print_stats(functions)
    sys.stdout.write("And with the functions that it calls:\n")
    found.sort_stats("cumtime").print_stats(r"compile|compiling|statement\.py|compiled\.py", 25)


if __name__ == "__main__":
    main(sys.argv[1:])
