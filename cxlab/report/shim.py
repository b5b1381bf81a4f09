"""Stands for a forked kernel: Jupyter starts, signals and ends this process as if it were the kernel.

Run by path without site-packages, so that it starts in milliseconds:
``python -I -S shim.py SERVER CONNECTION_FILE FOLDER CALLED TEMPORARY``; what Jupyter adds is for other kernels.
"""

import json
import os
import signal
import socket
import sys
import time


def reach(address: str, tries: int = 400) -> socket.socket:
    """Return a connection to the server, which may be just starting."""
    server = socket.socket(socket.AF_UNIX)
    for left in reversed(range(tries)):
        try:
            server.connect(address)
            break
        except (FileNotFoundError, ConnectionRefusedError):
            if not left:
                raise
            time.sleep(0.05)
    return server


def main() -> None:
    server = reach(sys.argv[1])
    places = (sys.argv[2], *map(os.path.abspath, sys.argv[3:6]))  # "." is where Jupyter starts a kernel
    request = dict(zip(("connection_file", "folder", "called", "temporary"), places, strict=True))
    server.sendall(json.dumps(request).encode() + b"\n")
    kernel = int(server.makefile().readline() or 0)
    if not kernel:
        sys.exit("the fork server ended before it made a kernel")
    with open(sys.argv[2].removesuffix(".json") + ".pid", "w") as file:
        file.write(str(kernel))

    signal.signal(signal.SIGINT, lambda *_: os.kill(kernel, signal.SIGINT))
    parent = os.getppid()
    server.settimeout(1)
    while os.getppid() == parent:
        try:
            if not server.recv(1):
                break
        except TimeoutError:
            continue


if __name__ == "__main__":
    main()
