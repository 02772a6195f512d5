"""What stops a command: one line on standard error that says the next step, exit code 2, and never a traceback.

Exit code 1 is kept for commands that ran and found something wrong (`nsw doctor`, `nsw stream verify`, `nsw replay`).
"""

import sys
from typing import Any, Final

import typer
from nsw_local import LocalStackError
from nsw_runtime.errors import NswError
from typer.core import TyperGroup

FOUND_WRONG: Final = 1
REFUSED: Final = 2


class CommandError(NswError):
    """This command cannot do what was asked; the text says what to do next."""


class ReportingGroup(TyperGroup):
    """The root of all commands: turns expected failures into one line."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (NswError, LocalStackError) as error:
            sys.stderr.write(f"error: {error}\n")
            raise typer.Exit(REFUSED) from error
