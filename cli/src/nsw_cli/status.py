"""`nsw status`: how the local stack is, process by process."""

from typing import Any

import typer
from nsw_contracts.topics import SERVICES
from nsw_local import State, state

from nsw_cli.errors import FOUND_WRONG, CommandError
from nsw_cli.local import folder_option
from nsw_cli.options import DEFAULT_FOLDER, AsJson, Folder
from nsw_cli.output import out, print_json, print_table
from nsw_cli.readiness import readiness


def status(folder: Folder = DEFAULT_FOLDER, *, as_json: AsJson = False) -> None:
    """Say how the local stack is. Exit code 1 unless everything is ready."""
    stack = state(folder)
    if stack is None:
        raise CommandError(f"no local stack runs in {folder}. Start it with `nsw up{folder_option(folder)}`")
    processes = _processes(stack)
    ready = stack.status == "ready" and all(process["ready"] is not False for process in processes)
    if as_json:
        print_json({"status": stack.status, "message": stack.message, "ready": ready, "processes": processes})
    else:
        out.print(f"{folder}: {stack.message}", markup=False)
        print_table(
            ("process", "pid", "#restarts", "url", "ready", "~what stands against it"),
            (
                (p["name"], str(p["pid"] or "–"), p["restarts"], p["url"], p["ready"], "\n".join(p["against"].values()))
                for p in processes
            ),
        )
    if not ready:
        raise typer.Exit(FOUND_WRONG)


def _processes(stack: State) -> list[dict[str, Any]]:
    """Every process; `ready` is null for those without a `/readyz`. The database's URL is left out: a secret."""
    services = {found.service: found for found in readiness(stack)} if stack.status == "ready" else {}
    return [
        {
            "name": name,
            "pid": stack.pids.get(name),
            "restarts": stack.restarts.get(name, 0),
            "url": stack.urls.get(name),
            "ready": services[name].ready if name in services else None,
            "against": dict(services[name].against) if name in services else {},
        }
        for name in sorted(stack.pids.keys() | services.keys(), key=_order)
    ]


def _order(name: str) -> tuple[int, str]:
    names = ("kafka", "postgres", "zipkin", *SERVICES)
    return (names.index(name) if name in names else len(names), name)
