"""Run as a script, by path, with -I -S: becomes a program that cannot outlive its parent.

`launch.py '{"parent": 123, "death_signal": 9, "user": null, "read_anything": false}' PROGRAM ARGUMENT...`

A program of its own, not a `preexec_fn`: that one runs Python in a forked child of a process with
threads, where any lock may be held for ever. Order matters: the kernel forgets the parent-death signal
when the user changes, so it is asked for last; and a parent that died before we asked is noticed by
looking at who our parent is now.

`read_anything` is for Postgres started by root below a folder that only root may enter (/root, a test's
temporary folder): Postgres refuses to run as root, so it runs as another user, and keeps of root's powers
only the one to enter and read folders (CAP_DAC_READ_SEARCH; in containers without that one,
CAP_DAC_OVERRIDE). Linux only.
"""

import ctypes
import json
import os
import sys

PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 4
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
CAPABILITY_VERSION_3 = 0x20080522


def main() -> None:
    """Never returns: becomes the program, or exits with 126 and a line on stderr."""
    wanted, argv = json.loads(sys.argv[1]), sys.argv[2:]
    try:
        if wanted["user"] is not None:
            become(*wanted["user"], read_anything=wanted["read_anything"])
        if sys.platform == "linux":
            die_with_parent(wanted["parent"], wanted["death_signal"])
        os.execvp(argv[0], argv)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.stderr.write(f"cannot start {argv[0]}: {error}\n")
        os._exit(126)


def die_with_parent(parent: int, signal: int) -> None:
    """The kernel sends us `signal` when the thread that started us ends."""
    check(libc().prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0))
    if os.getppid() != parent:
        os._exit(126)


def become(uid: int, gid: int, *, read_anything: bool) -> None:
    """Give up root for another user."""
    # a change of user is then no change of powers, and access(2), which initdb asks, tells the truth about them
    allowed = read_anything and libc().prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) == 0
    os.setgroups([])
    os.setgid(gid)  # from root: real, effective and saved
    os.setuid(uid)
    if read_anything and not (allowed and (keep_only(CAP_DAC_READ_SEARCH) or keep_only(CAP_DAC_OVERRIDE))):
        raise PermissionError(
            f"user {uid} may not enter the folder, and root may not let it; run this as a normal user, or keep both "
            "the folder and the Python environment where everybody may enter (not below /root)"
        )


def keep_only(capability: int) -> bool:
    """Keep this one power through exec; False if we do not have it."""
    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable; then the high halves
    return bool(
        libc().capset(header, sets) == 0 and libc().prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0
    )


def libc() -> ctypes.CDLL:
    """The C library, errno kept."""
    return ctypes.CDLL(None, use_errno=True)


def check(result: int) -> None:
    """Raise the OSError of a failed call."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main()
