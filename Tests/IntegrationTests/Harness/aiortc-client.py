"""A browser without a browser: aiortc over the JSON API. It speaks one tone, and says when it hears another.

usage: aiortc-client.py [--skip | --vanish] URL USER PASSWORD SPEAKS HEARS [DESTINATION]

With a destination it calls it, and hangs up two seconds after it has heard the tone, so that the other side hears it as well;
without one it waits for a call, and until the other side hangs up. With --skip the other side hangs up in any case; when it has heard
the tone, and when the call is held, it goes on as if it had sent 40,000 packets in eight seconds. When the hold is over, it says once more when
it hears the tone. With --vanish, when it has heard the tone, its media connection is gone, without a goodbye; its WebSocket stays.
"""
import asyncio
import fractions
import json
import sys

import av
import numpy
import websockets
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription, rtcrtpsender

RATE = 48_000
skips = 0


async def skip_packets(steps):
    """Goes on as if it had sent 40,000 packets, in so many steps. Half of the 65,536 numbers cannot be skipped at once: SRTP would lose count."""
    global skips
    for _ in range(steps):
        skips += 40_000 // steps
        await asyncio.sleep(8 / steps)
    say("SKIPPED")


def next_number(number, step):
    global skips
    step, skips = step + skips, 0
    return (number + step) & 0xFFFF


rtcrtpsender.uint16_add = next_number


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
        rate = frame.sample_rate
        heard = numpy.append(heard, frame.to_ndarray().reshape(-1)[:: len(frame.layout.channels)].astype(float))
        if len(heard) < rate // 2:
            continue
        turn = numpy.exp(-2j * numpy.pi * frequency * numpy.arange(len(heard)) / rate)
        power = numpy.sum(heard**2)
        if power > len(heard) * 100**2 and 2 * abs(numpy.dot(heard, turn)) ** 2 / (len(heard) * power) > 0.5:
            return say("HEARD")
        heard = numpy.zeros(0)


async def vanish(peer):
    """Closes the sockets of ICE below DTLS, which sends no alert then."""
    for transceiver in peer.getTransceivers():
        await transceiver.sender.transport.transport._connection.close()
    say("VANISHED")


async def main(url, user, password, speaks, hears, destination=None, skip=False, vanishes=False):
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTrack(Tone(float(speaks)))
    heard = asyncio.get_running_loop().create_future()
    remote = None

    @peer.on("track")
    def on_track(track):
        nonlocal remote
        remote = track
        task = asyncio.ensure_future(listen(track, float(hears)))
        task.add_done_callback(lambda done: heard.done() or heard.set_result(done.exception() is None))
        if skip:
            # In the first half of the numbers there is no round yet that could be miscounted.
            task.add_done_callback(lambda done: asyncio.ensure_future(skip_packets(16)))
        if vanishes:
            task.add_done_callback(lambda done: asyncio.ensure_future(vanish(peer)))

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
                if skip or vanishes:
                    continue
                await heard
                await asyncio.sleep(2)
                await request("bye", "media", "hangup_call", {"call_id": call})
            elif message.get("cmd") == "event" and data["type"] == "hold" and skip:
                asyncio.ensure_future(skip_packets(16))
            elif message.get("cmd") == "event" and data["type"] == "resume" and skip:
                asyncio.ensure_future(listen(remote, float(hears)))
            elif message.get("cmd") == "event" and data["type"] == "hangup":
                say("ENDED")
                await request("logout", "core", "logout", {})
                break
    await peer.close()


flags = ("--skip", "--vanish")
options = [one for one in sys.argv[1:] if one not in flags]
asyncio.run(main(*options, skip="--skip" in sys.argv, vanishes="--vanish" in sys.argv))
