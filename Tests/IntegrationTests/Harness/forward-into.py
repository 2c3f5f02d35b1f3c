"""Passes TCP connections from here into another network namespace: forward-into.py PID PORT.

Writes the port that it listens on, on 127.0.0.1; PORT is the one on 127.0.0.1 of the namespace of process PID.
"""

import asyncio
import ctypes
import os
import sys

CLONE_NEWNET = 0x40000000


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main():
    pid, port = int(sys.argv[1]), int(sys.argv[2])

    async def accepted(reader, writer):
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    # A socket stays in the namespace in which it was made; those that follow are made in the other one.
    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/proc/{pid}/ns/net") as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    print("listening on", server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
