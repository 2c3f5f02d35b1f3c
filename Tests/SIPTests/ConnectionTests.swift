import EventLoop
import Foundation
import Glibc
import Synchronization
import TestCertificates
import Testing

@testable import SIP
import SIPNames

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
        let peer = try RawPeer(talkingTo: endpoint.port, tcp: true, room: 4_096)
        var number = 0
        // What the system keeps of answers, until nothing goes either way; the connection's end is seen by its own writes.
        try await eventually(within: .seconds(20), "the connection to be closed") {
            for _ in 0..<500 where !peer.isBroken {
                number += 1
                peer.send(self.options(to: endpoint.port, from: peer.port, number))
            }
            return peer.isBroken
        }
        await endpoint.endpoint.stop()
    }

    /// What a connection stays open after: keepalives, and line ends behind a message.
    private static let keepalives = ["\r\n\r\n", "\r\n", "\r\n\r\n\r\n\r\n\r\n\r\n"]

    @Test("a message that does not end within its time ends its connection, whether its pieces come slowly or none comes; keepalives and whole messages do not", arguments: [
        ListenAddress.Transport.tcp, .tls,
    ])
    @LoopActor func unfinished(transport: ListenAddress.Transport) async throws {
        let settings = try SIPTests.TLSTests.settings()
        let endpoint = try RecordedEndpoint([transport]) { ($0.tls, $0.messageLimit) = (settings, .seconds(2)) }
        var tunnels: [TLSTunnel] = []
        func peer() throws -> RawPeer {
            guard transport == .tls else { return try RawPeer(talkingTo: endpoint.port, tcp: true) }
            let (tunnel, peer) = try SIPTests.TLSTests.raw(endpoint.port)
            tunnels.append(tunnel)
            return peer
        }
        func options(_ peer: RawPeer, _ number: Int) -> String { self.options(to: endpoint.port, from: peer.port, number, transport: transport.rawValue.uppercased()) }
        let text = "OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/\(transport.rawValue.uppercased()) 127.0.0.1;branch=z9hG4bK1\r\n"
        let body = text + "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: half\r\nCSeq: 1 OPTIONS\r\nContent-Length: 500\r\n\r\nv=0\r\n"
        let idle = try peer(), silent = try ["OPT", text, body].map { start in (start, try peer()) }, dribbling = try peer(), behind = try peer()
        for (start, peer) in silent { peer.send(start) }
        // A message with the beginning of another one behind it.
        behind.send(options(behind, 1) + "OPTI")
        #expect(await behind.receive("SIP/2.0 200") != nil)
        dribbling.send(text)
        idle.send(options(idle, 1) + "\r\n")
        #expect(await idle.receive("SIP/2.0 200") != nil)
        var number = 1
        try await eventually(within: .seconds(20), "the connections to be closed") {
            number += 1
            if number % 10 == 0 { idle.send(Self.keepalives[number / 10 % 3]) }
            dribbling.send("x")
            return silent.allSatisfy { $0.1.isOver } && dribbling.isOver && behind.isOver
        }
        // Two connections' time has passed without a message on this one.
        while idle.takeLineEnd() {}
        idle.send(options(idle, 2))
        #expect(await idle.receive()?.hasPrefix("SIP/2.0 200") == true)
        await endpoint.endpoint.stop()
        for tunnel in tunnels { tunnel.close() }
    }

    @Test("while few descriptors are left connections wait, datagrams are answered and the loop rests; then they are served")
    @LoopActor func fewDescriptors() async throws {
        let endpoint = try RecordedEndpoint()
        let datagrams = try RawPeer(talkingTo: endpoint.port)
        let limit = DescriptorLimit()
        defer { limit.restore() }
        // The smallest reserve has eight.
        limit.leave(8)
        let peer = try RawPeer(talkingTo: endpoint.port, tcp: true)
        peer.send(options(to: endpoint.port, from: peer.port, 1))
        let before = processorTime()
        #expect(await peer.receive("SIP/2.0 200", within: .milliseconds(500)) == nil)
        #expect(processorTime() - before < 0.25)
        datagrams.send(options(to: endpoint.port, from: datagrams.port, 2, transport: "UDP"))
        #expect(await datagrams.receive("SIP/2.0 200") != nil)
        limit.restore()
        #expect(await peer.receive("SIP/2.0 200") != nil)
        await endpoint.endpoint.stop()
    }

    private func options(to port: Int, from peer: Int, _ number: Int, transport: String = "TCP") -> String {
        var request = RawRequest(to: port, from: peer)
        request.method = "OPTIONS"
        request.transport = transport
        request.callID = "options-\(peer)-\(number)"
        return request.text
    }
}

/// The limit of this process' descriptors.
private final class DescriptorLimit: Sendable {
    private let former: rlimit
    private let fillings = Mutex<[Int32]?>([])

    init() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        former = limit
    }

    func set(_ count: Int32) {
        var limit = former
        limit.rlim_cur = rlim_t(count)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Lets so many more be opened. The numbers below are taken until the end, also those that something else of the process gives back meanwhile.
    @LoopActor func leave(_ count: Int32) {
        let highest = FlowSockets.descriptors().max() ?? 0
        fill(below: highest)
        set(highest + 1 + count)
        Thread.detachNewThread { while self.fill(below: highest) { usleep(1_000) } }
    }

    /// Whether it goes on: nothing has been restored.
    @discardableResult
    private func fill(below highest: Int32) -> Bool {
        fillings.withLock { fillings in
            guard fillings != nil else { return false }
            while true {
                let next = dup(0)
                guard next >= 0, next < highest else {
                    if next >= 0 { close(next) }
                    return true
                }
                fillings?.append(next)
            }
        }
    }

    func restore() {
        fillings.withLock { fillings in
            for filling in fillings ?? [] { close(filling) }
            fillings = nil
        }
        var limit = former
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// Seconds that the processors have worked for this process.
private func processorTime() -> Double {
    var used = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used)
    return Double(used.tv_sec) + Double(used.tv_nsec) * 1e-9
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

@Suite("Bounds of connections and of log lines")
struct ConnectionBoundsTests {
    @Test("lines beyond the budget are left out and counted, and the next second has room again")
    func budget() {
        let start = ContinuousClock.now
        var budget = LineBudget(perSecond: 2)
        let first = (1...5).map { _ in budget.admit(at: start) }
        #expect(first.map(\.isAdmitted) == [true, true, false, false, false] && first.allSatisfy { $0.omitted == 0 })
        let next = budget.admit(at: start + .seconds(1))
        #expect(next.isAdmitted && next.omitted == 3)
        #expect(budget.admit(at: start + .seconds(1)).omitted == 0)
    }
}

extension SIPTests {
    @Suite("Connections of flows")
    struct FlowSocketsTests {}
}

extension SIPTests.FlowSocketsTests {
    @Test("the descriptors of the process are known when no further one is to be had")
    @LoopActor func exhausted() throws {
        let before = FlowSockets.descriptors()
        let limit = DescriptorLimit()
        defer { limit.restore() }
        limit.set(0)
        try #require(dup(0) < 0)
        #expect(FlowSockets.descriptors() == before && before.count > 3)
    }

    @Test("a connection is open until either end has hung up, and is given up after 10 s without acknowledgement")
    @LoopActor func life() throws {
        let listener = try RawListener()
        let phone = try RawPeer(talkingTo: listener.port, tcp: true)
        let ours = try #require(RawPeer(acceptedBy: listener))
        let sockets = FlowSockets()
        let flow = try #require(SIPFlow("tcp/127.0.0.1:\(phone.port)/127.0.0.1:\(listener.port)"))
        #expect(sockets.isOpen(flow))
        #expect(sockets.isOpen(flow))
        #expect(ours.userTimeout == 10_000)
        #expect(phone.userTimeout == 0)
        for other in ["tcp/127.0.0.2:\(phone.port)/127.0.0.1:\(listener.port)", "tcp/127.0.0.1:\(phone.port)/127.0.0.1:1"] {
            #expect(!sockets.isOpen(try #require(SIPFlow(other))))
        }
        #expect(sockets.isOpen(try #require(SIPFlow("udp/192.0.2.1:9/127.0.0.1:1"))))
        phone.hangUpConnection()
        #expect(!sockets.isOpen(flow))
    }
}
