import EventLoop
import Glibc
import SIP
import Testing

extension SIPTests {
    /// More than the system keeps for a socket by default, 212,992 bytes on most: a datagram of this size counts for more than 2 kB.
    @Suite("Bursts", .enabled(if: systemLimit >= 2_097_152, "the system's net.core.rmem_max is too small"))
    struct BurstTests {}
}

extension SIPTests.BurstTests {
    @Test("500 INVITEs that come in one instant are all heard")
    @LoopActor func invites() async throws {
        let count = 500
        let callee = try RecordedEndpoint([.udp]) { $0.t1x64 = .milliseconds(400) }
        let peer = try RawPeer(talkingTo: callee.port)
        // Nothing is read while this runs: it is on the loop.
        for number in 0..<count {
            var request = RawRequest(to: callee.port, from: peer.port)
            request.callID = "burst-\(number)"
            request.body = sdp("burst") + String(repeating: "a=x-padding:0123456789\r\n", count: 30)
            peer.send(request.text)
        }
        var legs: [SIPLegID] = []
        for _ in 0..<count { legs.append(try await callee.incoming().leg) }
        #expect(Set(legs).count == count)
        for leg in legs { callee.endpoint.reject(leg, SIPResponse(status: 486)) }
        try await callee.noLegs()
        await callee.endpoint.stop()
    }
}

/// The most that a socket's buffer may have, in bytes.
private let systemLimit: Int = {
    guard let file = fopen("/proc/sys/net/core/rmem_max", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 32)
    guard fgets(&line, 32, file) != nil else { return 0 }
    return strtol(line, nil, 10)
}()
