"""A PeerConnection of aiortc for the tests of the media engine: it sends silence and a still picture.

Writes its offer as a line of JSON, reads the answer as one, and then writes twice a second how many packets of audio and video it has received.
It ends when its input does.
"""
import asyncio
import json
import sys

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack


async def main():
    peer, sink = RTCPeerConnection(RTCConfiguration(iceServers=[])), MediaBlackhole()
    peer.addTrack(AudioStreamTrack())
    peer.addTrack(VideoStreamTrack())
    peer.on("track", lambda track: sink.addTrack(track))
    await peer.setLocalDescription(await peer.createOffer())
    print(json.dumps(peer.localDescription.sdp), flush=True)
    loop = asyncio.get_running_loop()
    answer = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await sink.start()
    end = loop.run_in_executor(None, sys.stdin.readline)
    while not end.done():
        received = {"audio": 0, "video": 0}
        for report in (await peer.getStats()).values():
            if report.type == "inbound-rtp":
                received[report.kind] = report.packetsReceived
        print(json.dumps(received), flush=True)
        await asyncio.wait([end], timeout=0.5)
    await peer.close()


asyncio.run(main())
