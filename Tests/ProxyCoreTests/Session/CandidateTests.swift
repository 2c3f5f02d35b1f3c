import Testing

@testable import ProxyCore

@Suite("Candidates of a browser")
struct CandidateTests {
    @Test("candidates wait until the handles are there, in order, and only so many")
    func candidates() {
        var session = DrivenSession(.echo(.webrtc)).session
        let candidates = (0..<70).map { TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: "candidate:\($0) 1 udp 1 192.0.2.1 9 typ host") }
        _ = session.handle(.offered(.caller, .said(Fixture.browserOffer, trickle: true)))
        for candidate in candidates.prefix(64) { #expect(session.handle(.candidate(.caller, candidate)) == []) }
        guard case .refuseCandidate(.state) = session.handle(.candidate(.caller, candidates[64])).first else {
            Issue.record("more candidates were kept than may be")
            return
        }
        let actions = session.handle(.stepDone(number: 1, .done))
        #expect(actions.dropFirst() == candidates.prefix(64).map { .trickle(.caller, $0) }[...])
        #expect(session.handle(.candidate(.caller, candidates[65])) == [.trickle(.caller, candidates[65])])
        guard case .refuseCandidate(.unsupported) = session.handle(.candidate(.callee, candidates[66])).first else {
            Issue.record("an echo has no called browser")
            return
        }
    }

    @Test("a description has so many candidates and no more; the next one has as many again")
    func flood() {
        var driven = DrivenSession.talking(.echo(.webrtc))
        let candidate = ProxySession.Event.candidate(
            .caller, TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host"))
        for _ in 1...2 {
            for _ in 1...TrickledCandidates.maximum { #expect(driven.send(candidate).count == 1) }
            #expect(driven.send(candidate) == [.refuseCandidate(.state("too many candidates"))])
            driven.send(.offered(.caller, .said(Fixture.version(2, of: Fixture.browserOffer), trickle: true)))
        }
    }

    @Test("candidates that Janus can use reach it in the form of their RFC", arguments: [
        ("candidate:1 1 UDP 1 192.0.2.1 9 typ host", "candidate:1 1 UDP 1 192.0.2.1 9 typ host"),
        ("1  1 udp 1 2001:db8::1 9  typ srflx raddr 0.0.0.0 rport 0 ", "candidate:1 1 udp 1 2001:db8::1 9 typ srflx raddr 0.0.0.0 rport 0"),
        ("a=candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active", "candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active"),
        ("", nil), ("a=end-of-candidates", nil), ("end-of-candidates", nil),
    ] as [(String, String?)])
    func usableCandidate(_ text: String, _ passed: String?) {
        var session = DrivenSession.talking(.echo(.webrtc)).session
        let actions = session.handle(.candidate(.caller, TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: text)))
        let end = TrickledCandidate(mid: nil, mediaLineIndex: nil, candidate: nil)
        #expect(actions == [.trickle(.caller, passed.map { TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: $0) } ?? end)])
    }

    @Test("candidates that Janus can make no use of are left out", arguments: [
        "8f1b6f0e.local 9 typ host", "host.example 9 typ host", "224.0.0.1 9 typ host", "0.0.0.0 9 typ host", "::1::2 9 typ host", "1.2.3.4 9 typ x",
    ])
    func uselessCandidate(_ end: String) {
        var session = DrivenSession.talking(.echo(.webrtc)).session
        let candidate = TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: "candidate:1 1 udp 1 \(end)")
        #expect(session.handle(.candidate(.caller, candidate)) == [])
        let overTLS = TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: "candidate:1 1 tls 1 192.0.2.1 9 typ host")
        #expect(session.handle(.candidate(.caller, overTLS)) == [])
    }

    @Test("candidates with a number out of its range, or another line behind them, are refused", arguments: [
        "candidate:1 0 udp 1 192.0.2.1 9 typ host", "candidate:1 4294967297 udp 1 192.0.2.1 9 typ host", "candidate:1 1 udp 0 192.0.2.1 9 typ host",
        "candidate:1 1 udp -1 192.0.2.1 9 typ host", "candidate:1 1 udp 1 192.0.2.1 0 typ host", "candidate:1 1 udp 1 192.0.2.1 65536 typ host",
        "candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=extmap:-1 urn:ietf:params:rtp-hdrext:sdes:mid", "extmap:-1 urn:ietf:params:rtp-hdrext:sdes:mid",
        "candidate:1 1 udp 1 192.0.2.1 9 typ host x " + String(repeating: "y", count: 4_096),
    ])
    func malformedCandidate(_ text: String) {
        var session = DrivenSession.talking(.echo(.webrtc)).session
        let refusal = [ProxySession.Action.refuseCandidate(.description(.malformedCandidate))]
        #expect(session.handle(.candidate(.caller, TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: text))) == refusal)
    }

    @Test("a candidate belongs to a media line that can be")
    func candidateLines() {
        var session = DrivenSession.talking(.echo(.webrtc)).session
        func passed(_ mid: String?, _ index: Int?) -> [ProxySession.Action] {
            session.handle(.candidate(.caller, TrickledCandidate(mid: mid, mediaLineIndex: index, candidate: "1 1 udp 1 192.0.2.1 9 typ host")))
        }
        let refusal = [ProxySession.Action.refuseCandidate(.description(.malformedCandidate))]
        #expect(passed("0", -1) == refusal && passed("0", 32) == refusal && passed(nil, nil) == refusal && passed("a b", nil) == refusal)
        let text = "candidate:1 1 udp 1 192.0.2.1 9 typ host"
        let long = String(repeating: "m", count: 17)
        #expect(passed(long, 0) == [.trickle(.caller, TrickledCandidate(mid: nil, mediaLineIndex: 0, candidate: text))])
        #expect(passed("0", nil) == [.trickle(.caller, TrickledCandidate(mid: "0", mediaLineIndex: nil, candidate: text))])
    }
}
