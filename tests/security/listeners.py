"""The addresses on which a process and its descendants listen, as Linux's /proc tells."""

import contextlib
import os
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

Address = IPv4Address | IPv6Address
_LISTENING = "0A"


def listening(session: int) -> set[Address]:
    """Addresses of the listening sockets of a session's processes."""
    inodes = {inode for pid in _members(session) for inode in _sockets(pid)}
    return {address for address, inode in _listeners() if inode in inodes}


def _members(session: int) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(ProcessLookupError, PermissionError):  # it ended, or is somebody else's
                if os.getsid(int(folder.name)) == session:
                    yield int(folder.name)


def _sockets(pid: int) -> Iterator[str]:
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            kind, _, number = str(link.readlink()).partition(":")
            if kind == "socket":
                yield number.strip("[]")


def _listeners() -> Iterator[tuple[Address, str]]:
    for family in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{family}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENING:
                yield _address(fields[1].partition(":")[0]), fields[9]


def _address(hexadecimal: str) -> Address:
    """Turn the kernel's words, each in the machine's byte order, into an address."""
    words = [bytes.fromhex(hexadecimal[at : at + 8])[::-1] for at in range(0, len(hexadecimal), 8)]
    address = ip_address(b"".join(words))
    return getattr(address, "ipv4_mapped", None) or address
