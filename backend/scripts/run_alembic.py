"""Run Alembic's command line, with one line for Ctrl-C also while Alembic is imported.

The Makefile uses it; the program `alembic` itself prints a traceback for Ctrl-C in its first
moments.
"""

from alembic_zero_downtime.interrupts import exit_on_interrupt

exit_on_interrupt("alembic")

from alembic.config import main

main(prog="alembic")
