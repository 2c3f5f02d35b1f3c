import EventLoop
import Glibc
import SIP
import Testing

extension SIPTests {
    @Suite("Much on one connection")
    struct ConnectionTests {}
}

extension SIPTests.ConnectionTests {
    @Test("requests that come faster than they are read take no memory to speak of, and all are answered")
    @LoopActor func burst() async throws {
        let endpoint = try RecordedEndpoint()
        let peer = try RawPeer(talkingTo: endpoint.port, tcp: true)
        let other = try RawPeer(talkingTo: endpoint.port, tcp: true)
        try "5".write(toFile: "/proc/self/clear_refs")
        let before = peakMemory()
        // Nothing is read while this runs: it is on the loop. The system keeps what it has room for.
        let count = 8_000
        peer.send((0..<count).map { options(to: endpoint.port, from: peer.port, $0) }.joined())
        other.send(options(to: endpoint.port, from: other.port, 0))
        #expect(await other.receive("SIP/2.0 200") != nil)
        #expect(await peer.receive("SIP/2.0 200") != nil)
        #expect(peakMemory() - before < 300_000)
        await endpoint.endpoint.stop()
    }

    @Test("a peer that sends and does not read loses its connection")
    @LoopActor func deaf() async throws {
        let endpoint = try RecordedEndpoint()
        let peer = try RawPeer(talkingTo: endpoint.port, tcp: true)
        var number = 0
        // Some megabytes of answers, until nothing goes either way; the connection's end is seen by its own writes.
        try await eventually(within: .seconds(20), "the connection to be closed") {
            for _ in 0..<500 where !peer.isBroken {
                number += 1
                peer.send(self.options(to: endpoint.port, from: peer.port, number))
            }
            return peer.isBroken
        }
        await endpoint.endpoint.stop()
    }

    private func options(to port: Int, from peer: Int, _ number: Int) -> String {
        var request = RawRequest(to: port, from: peer)
        request.method = "OPTIONS"
        request.transport = "TCP"
        request.callID = "options-\(peer)-\(number)"
        return request.text
    }
}

/// The most that the process has had in memory since that was reset, in KiB (proc(5), VmHWM).
private func peakMemory() -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, 256, file) != nil {
        let text = line.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        if text.hasPrefix("VmHWM:") { return Int(text.dropFirst(6).filter(\.isNumber)) ?? 0 }
    }
    return 0
}

extension String {
    fileprivate func write(toFile path: String) throws {
        guard let file = fopen(path, "w") else { throw TimedOut(description: "cannot write \(path)") }
        defer { fclose(file) }
        fputs(self, file)
    }
}
