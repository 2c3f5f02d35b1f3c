import TestRandom
import Testing

@testable import ProxyCore

/// Random lives of sessions: whatever their sides, Janus and the clients do, in whatever order.
@Suite("A session, whatever happens")
struct SessionPropertyTests {
    static let kinds: [SessionKind] = [
        .echo(.rtp), .echo(.webrtc), .proxy(caller: .rtp, callee: .webrtc), .proxy(caller: .webrtc, callee: .rtp),
        .proxy(caller: .webrtc, callee: .webrtc), .proxy(caller: .rtp, callee: .rtp),
    ]

    @Test("each offer, step, update and setting has one owner and one end; no state is without a way out", arguments: kinds.indices)
    func lives(kind: Int) {
        var generator = SeededRandom("random lives of sessions, kind \(kind)")
        var met: Set<String> = []
        for _ in 0..<600 {
            var life = SessionLife(Self.kinds[kind])
            for _ in 0..<40 {
                life.step(&generator)
                met.insert(life.stateName)
            }
            life.settle()
            guard life.faults.isEmpty else {
                Issue.record("\(life.faults)\n\(life.events.map { "\($0)".prefix(160) }.joined(separator: "\n"))")
                return
            }
        }
        let isEcho = Self.kinds[kind].calleeType == nil
        #expect(met.isSuperset(of: ["new", "attaching", "carrying", "stable", "ended"]), "\(met)")
        if !isEcho { #expect(met.contains("offered")) }
        if Self.kinds[kind] == .proxy(caller: .rtp, callee: .rtp) {
            #expect(met.isSuperset(of: ["withdrawn", "renewal", "hold"]), "\(met)")
        }
    }
}
