"""The stand-ins for Twilio and the model, in a process of their own, and how they are steered from another.

`python -m bench.wires` prints one line of JSON with its addresses and runs until it is ended. `POST /latency
{"model": s, "twilio": s}` sets how long each takes; `GET /taken?since=N` tells what Twilio has taken.
"""

import asyncio
import json

from aiohttp import web

from innbox.testing.openai_wire import OpenAIWire
from innbox.testing.services import free_port
from innbox.testing.twilio_wire import TwilioWire


async def serve() -> None:
    """Run both stand-ins and the address that steers them."""
    async with TwilioWire(callbacks=False) as twilio, OpenAIWire() as openai:

        async def latency(request: web.Request) -> web.Response:
            wanted = await request.json()
            openai.latency, twilio.latency = wanted["model"], wanted["twilio"]
            openai.requests.clear()
            twilio.messages.clear()
            return web.json_response({})

        async def taken(request: web.Request) -> web.Response:
            since = int(request.query["since"])
            openai.requests.clear()  # nobody asks for them, and they grow
            messages = [[message.body, message.at.timestamp()] for message in twilio.messages[since:]]
            return web.json_response(messages)

        app = web.Application()
        app.router.add_post("/latency", latency)
        app.router.add_get("/taken", taken)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        addresses = {"control": f"http://127.0.0.1:{port}", "twilio": twilio.url, "openai": openai.url}
        print(json.dumps(addresses), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve())
