"""A browser without a browser: aiortc over the JSON API. It speaks one tone, and says when it hears another.

usage: aiortc-client.py URL USER PASSWORD SPEAKS HEARS [DESTINATION]

With a destination it calls it, and hangs up two seconds after it has heard the tone, so that the other side hears it as well;
without one it waits for a call, and until the other side hangs up.
"""
import asyncio
import fractions
import json
import sys

import av
import numpy
import websockets
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

RATE = 48_000


def say(text):
    print(text, flush=True)


class Tone(MediaStreamTrack):
    kind = "audio"

    def __init__(self, frequency):
        super().__init__()
        self.frequency, self.sent, self.began = frequency, 0, None

    async def recv(self):
        now = asyncio.get_running_loop().time()
        self.began = now if self.began is None else self.began
        await asyncio.sleep(max(0, self.began + self.sent / RATE - now))
        times = (numpy.arange(960) + self.sent) / RATE
        wave = (8_000 * numpy.sin(2 * numpy.pi * self.frequency * times)).astype(numpy.int16)
        frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self.sent, fractions.Fraction(1, RATE)
        self.sent += 960
        return frame


async def listen(track, frequency):
    """Returns once most of the power of half a second lies at the frequency."""
    heard = numpy.zeros(0)
    while True:
        frame = await track.recv()
        heard = numpy.append(heard, frame.to_ndarray().reshape(-1)[:: len(frame.layout.channels)].astype(float))
        if len(heard) < RATE // 2:
            continue
        turn = numpy.exp(-2j * numpy.pi * frequency * numpy.arange(len(heard)) / RATE)
        power = numpy.sum(heard**2)
        if power > len(heard) * 100**2 and 2 * abs(numpy.dot(heard, turn)) ** 2 / (len(heard) * power) > 0.5:
            return say("HEARD")
        heard = numpy.zeros(0)


async def main(url, user, password, speaks, hears, destination=None):
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTrack(Tone(float(speaks)))
    heard = asyncio.get_running_loop().create_future()

    @peer.on("track")
    def on_track(track):
        task = asyncio.ensure_future(listen(track, float(hears)))
        task.add_done_callback(lambda done: heard.done() or heard.set_result(done.exception() is None))

    async with websockets.connect(url, subprotocols=["tern"]) as socket:
        async def request(tid, kind, cmd, data):
            await socket.send(json.dumps({"class": kind, "cmd": cmd, "data": data, "tid": tid}))

        await request("login", "core", "login", {"user": user, "password": password})
        call = None
        async for text in socket:
            message = json.loads(text)
            data = message.get("data") or {}
            if message.get("result") == "error":
                return say(f"ERROR {text}")
            if message.get("tid") == "login":
                say("READY")
                if destination:
                    await peer.setLocalDescription(await peer.createOffer())
                    offer = {"sdp": peer.localDescription.sdp}
                    await request("call", "media", "start_call", {"dest": destination, "offer": offer})
            elif message.get("tid") == "call":
                call = data["call_id"]
            elif message.get("cmd") == "call_invite":
                await socket.send(json.dumps({"result": "ok", "tid": message["tid"]}))
                await peer.setRemoteDescription(RTCSessionDescription(data["offer"]["sdp"], "offer"))
                await peer.setLocalDescription(await peer.createAnswer())
                answer = {"sdp": peer.localDescription.sdp}
                await request("answer", "media", "answer_call", {"call_id": data["call_id"], "answer": answer})
            elif message.get("cmd") == "event" and data["type"] == "answer":
                await peer.setRemoteDescription(RTCSessionDescription(data["body"]["answer"]["sdp"], "answer"))
                await heard
                await asyncio.sleep(2)
                await request("bye", "media", "hangup_call", {"call_id": call})
            elif message.get("cmd") == "event" and data["type"] == "hangup":
                say("ENDED")
                await request("logout", "core", "logout", {})
                break
    await peer.close()


asyncio.run(main(*sys.argv[1:]))
