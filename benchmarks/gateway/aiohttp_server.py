"""A server of the gateway's paths on aiohttp: parses the request, answers as the echo service does, writes JSON.

aiohttp_server.py PORT: prints `ready` when it listens on 127.0.0.1.
"""

import asyncio
import json
import sys

from aiohttp import WSMsgType, web


def answer(request):
    """What the echo service answers to a text-completion request."""
    return {
        "response": request["prompt"],
        "in_token": len(request["system"]) + len(request["prompt"]),
        "out_token": len(request["prompt"]),
        "model": "echo",
        "end_of_stream": True,
    }


async def service(request):
    return web.json_response(answer(await request.json()))


async def socket(request):
    stream = web.WebSocketResponse()
    await stream.prepare(request)
    async for message in stream:
        if message.type != WSMsgType.TEXT:
            break
        frame = json.loads(message.data)
        await stream.send_json({"id": frame["id"], "response": answer(frame["request"]), "complete": True})
    return stream


async def main(port):
    app = web.Application()
    app.router.add_post("/api/v1/flow/{flow}/service/{service}", service)
    app.router.add_get("/api/v1/socket", socket)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


try:
    asyncio.run(main(int(sys.argv[1])))
except KeyboardInterrupt:
    pass
