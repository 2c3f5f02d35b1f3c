import EventLoop
import Foundation
@testable import Janus
import JSON
import SIPNames
import Testing

/// A real Janus with Tern's plugin, on addresses that are not private: phones there are not taken for hidden ones.
@LoopActor
final class EngineBench {
    /// Of the legs.
    nonisolated static let address = "198.51.100.1"
    nonisolated static let phone = "198.51.100.2"
    nonisolated static let stranger = "198.51.100.3"

    let janus: RealJanus
    let pid: Int32

    private init(_ janus: RealJanus, pid: Int32) {
        self.janus = janus
        self.pid = pid
    }

    /// Runs a test, after which the same Janus must still be there, without a descriptor more than before.
    static func run(usesPeerConnections: Bool = false, _ body: @LoopActor (EngineBench) async throws -> Void) async throws {
        try addAddresses()
        try await RealJanus.run { janus in
            guard case .running(let pid) = janus.process.state else { throw TestPhone.Failure(reason: "Janus does not run") }
            let bench = EngineBench(janus, pid: pid)
            // The first leg of all makes what stays.
            let first = try await bench.leg()
            let opened = try await bench.descriptors { _ in true }
            await first.leg.handle.detach()
            try await bench.descriptors { $0 <= opened - 2 }
            if usesPeerConnections {
                let browser = try await EngineLeg.attach(to: janus.client)
                try await browser.take(JSEP(type: .offer, sdp: Descriptions.chromeOffer(), trickle: true))
                await browser.handle.detach()
                // Those of its ICE agent are closed some time after its end.
                try await Task.sleep(for: .seconds(1))
            }
            let descriptors = try await bench.descriptors { _ in true }
            try await body(bench)
            #expect(janus.process.state == .running(pid: pid))
            let left = try await bench.descriptors { $0 <= descriptors }
            #expect(left <= descriptors)
        }
    }

    /// A plain leg that is open.
    func leg(
        _ media: [JanusMediaKind] = [.audio], at address: String = EngineBench.address, ports: ClosedRange<Int> = 24_000...24_999
    ) async throws -> PlainLeg {
        let leg = try await EngineLeg.attach(to: janus.client)
        return PlainLeg(leg, try await leg.open(media, at: address, ports: ports), at: address)
    }

    /// The descriptors that Janus has, as soon as their number is right.
    @discardableResult
    func descriptors(until isRight: (Int) -> Bool) async throws -> Int {
        var count = -1
        for _ in 0..<200 {
            count = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
            if isRight(count) { break }
            try await Task.sleep(for: .milliseconds(5))
        }
        return count
    }

    private nonisolated static func addAddresses() throws {
        guard ProcessInfo.processInfo.environment["TERN_TEST_ADDRESS"] != nil else {
            throw TestPhone.Failure(reason: "these tests need a network namespace: Tests/in-namespace")
        }
        for address in [address, phone, stranger] {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["PATH=/usr/sbin:/sbin:/usr/bin:/bin", "ip", "address", "replace", "\(address)/32", "dev", "lo"]
            try process.run()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw TestPhone.Failure(reason: "cannot add \(address)") }
        }
    }
}

/// A plain leg with its addresses and its events.
@LoopActor
struct PlainLeg {
    let leg: EngineLeg
    let ports: EnginePorts
    let address: String
    let events = Record<EngineEvent>()

    init(_ leg: EngineLeg, _ ports: EnginePorts, at address: String) {
        (self.leg, self.ports, self.address) = (leg, ports, address)
        leg.handle.onEvent = { [events] event in
            if case .plugin(let data, _) = event, let event = EngineEvent(data) { events.add(event) }
        }
    }

    var id: EngineLegID { ports.leg }

    /// Where it takes audio.
    var audio: SocketAddress { socketAddress(address, ports.audio?.port ?? 0) }
    /// Where it takes video.
    var video: SocketAddress { socketAddress(address, ports.video?.port ?? 0) }

    /// Configures it for audio between a phone and a peer.
    func configure(
        _ remote: EngineRemote?, to peer: EngineLegID?, receive: Bool = true, send: Bool = true, srtp: EngineSRTP? = nil,
        latching: EngineConfiguration.Latching = .auto
    ) async throws(JanusError) {
        let payloads = [EnginePayload(0, "pcmu", clock: 8_000), EnginePayload(101, "telephone-event", clock: 8_000, fmtp: "0-15")]
        let medium = EngineMedium(.audio, receive: receive, send: send, payloads: payloads, remote: remote, srtp: srtp)
        try await leg.configure(EngineConfiguration(peer: peer, media: [medium], latching: latching))
    }

    /// The counters of audio, as soon as they are right.
    @discardableResult
    func statistics(
        _ kind: JanusMediaKind = .audio, until isRight: (EngineStatistics.Medium) -> Bool
    ) async throws -> EngineStatistics.Medium {
        var last: EngineStatistics.Medium?
        let end = ContinuousClock.now + .seconds(5)
        repeat {
            last = try await leg.statistics()[kind]
            if let last, isRight(last) { return last }
            try await Task.sleep(for: .milliseconds(2))
        } while ContinuousClock.now < end
        throw TestPhone.Failure(reason: "not within 5 s; the last counters were \(String(describing: last))")
    }
}
