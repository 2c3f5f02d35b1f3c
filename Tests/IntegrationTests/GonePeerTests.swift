import Foundation
import JSON
import Testing

/// A party of a call is gone, without a word, in each state that a call has. All states at once on one gateway: most of the time they wait for the timers
/// of SIP (RFC 3261 section 17: 32 s).
extension IntegrationTests {
    @Suite("Parties that are gone")
    struct GonePeers {
        /// Who is gone, and when. The name is that of the route to the called phone as well.
        enum Scene: String, CaseIterable, Sendable {
            case callerBeforeRinging, callerWithoutACK, callerInCall, callerInReinvite, callerInTransfer
            case calleeBeforeRinging, calleeAfterRinging, calleeInCall, calleeInReinvite, calleeInTransfer
            case browserAtInvite, browserWhileRinging, browserInCall
        }

        @Test("the other party has one outcome in time, whatever the state was, and in the end nothing is left")
        func everyState() async throws {
            let stage = try Stage.running, address = stage.environment.address
            let ports = try Scene.allCases.map { _ in try FreePort.both(address) }
            let routes = zip(Scene.allCases, ports).map { "  - {match: \($0), from: anyone, to: \"sip sip:{user}@\(address):\($1)\"}" }
            let gateway = try await GatewayProcess(
                in: stage.environment, name: "gone-peers",
                routes: "routes:\n  - {match: echo, from: anyone, to: echo}\n\(routes.joined(separator: "\n"))\n  - {match: \"*\", from: anyone, to: user}")
            let problems: [String] = await withTaskGroup(of: String?.self) { group in
                for (scene, port) in zip(Scene.allCases, ports) {
                    group.addTask {
                        do {
                            let (caller, callee) = (try SIPPhone(at: gateway), try SIPPhone(at: gateway, frequency: 700, port: port))
                            defer { caller.stop(); callee.stop() }
                            try await GonePeers.play(scene, caller, callee, gateway)
                            return nil
                        } catch {
                            return "\(scene): \(error)"
                        }
                    }
                }
                return await group.reduce(into: [String]()) { all, problem in if let problem { all.append(problem) } }
            }
            #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
            // A BYE that nobody answers is given up after 32 s.
            await gateway.end(within: .seconds(60))
        }

        /// The longest that a party waits for what becomes of the one that is gone: the timers of SIP, and a busy machine.
        private static let limit = Duration.seconds(60)

        private static func play(_ scene: Scene, _ caller: SIPPhone, _ callee: SIPPhone, _ gateway: GatewayProcess) async throws {
            switch scene {
            case .callerBeforeRinging:
                caller.call(scene.rawValue)
                try await callee.called()
                // It takes its time until calls.ring_timeout is over. Before a provisional response there is no CANCEL (RFC 3261 section 9.1).
                if let invite = callee.invite { callee.send { $0.response(100, "Trying", to: invite) } }
                try await callee.isCancelled(within: limit)
            case .callerWithoutACK:
                caller.call(scene.rawValue)
                try await callee.called()
                try callee.ring()
                try await callee.accept()
                try await callee.hungUp(within: limit)
            case .callerInCall:
                try await establish(scene, caller, callee)
                caller.audio.pause(true)
                try await callee.hangUp()
            case .callerInReinvite:
                try await establish(scene, caller, callee)
                try await callee.isRefused(within: limit)
            case .callerInTransfer:
                try await establish(scene, caller, callee)
                try await callee.transferFails(within: limit)
            case .calleeBeforeRinging, .calleeAfterRinging:
                caller.call(scene.rawValue)
                try await callee.called()
                if scene == .calleeAfterRinging {
                    try callee.ring()
                    _ = try await caller.provisional(180)
                }
                try await caller.isRefused(first: true, within: limit)
            case .calleeInCall:
                try await establish(scene, caller, callee)
                try await caller.hangUp()
            case .calleeInReinvite:
                try await establish(scene, caller, callee)
                try await caller.isRefused(within: limit)
            case .calleeInTransfer:
                try await establish(scene, caller, callee)
                try await caller.transferFails(within: limit)
            case .browserAtInvite, .browserWhileRinging, .browserInCall:
                try await play(browser: scene, caller, gateway)
            }
        }

        private static func play(browser scene: Scene, _ caller: SIPPhone, _ gateway: GatewayProcess) async throws {
            // One user for each, so that they do not ring each other's.
            let user = switch scene { case .browserAtInvite: "alice"; case .browserWhileRinging: "bob"; default: "admin" }
            let client = try await APIClient.user(user, at: gateway)
            caller.call(user)
            if scene == .browserAtInvite {
                // It reads, and answers nothing.
                try await caller.isRefused(first: true, within: limit)
                return await client.leave()
            }
            let invitation = try await client.serve("call_invite")
            let call = try #require(invitation["call_id"])
            if scene == .browserWhileRinging {
                try await client.request("media", "ring_call", ["call_id": call])
                _ = try await caller.provisional(180)
                client.socket.close(politely: false)
                return try await caller.isRefused(first: true, within: limit)
            }
            let offer = try #require(invitation["offer"]?["sdp"]?.stringValue)
            try await client.request("media", "answer_call", ["call_id": call, "answer": ["sdp": .string(Parties.answer(to: offer))]])
            try await caller.answered()
            client.socket.close(politely: false)
            try await caller.hungUp(within: limit)
        }

        private static func establish(_ scene: Scene, _ caller: SIPPhone, _ callee: SIPPhone) async throws {
            caller.call(scene.rawValue)
            try await callee.called()
            try await callee.accept()
            try await caller.answered()
        }
    }
}

extension SIPPhone {
    /// Waits until its call, which it has not answered, is cancelled.
    fileprivate func isCancelled(within limit: Duration) async throws {
        guard let cancel = await probe.message(within: limit, where: { $0.hasPrefix("CANCEL ") }) else { throw HarnessError("no CANCEL within \(limit)") }
        send { $0.response(200, "OK", to: SIPText(text: cancel)) }
        try await refuse(487)
    }

    /// Waits until its INVITE is refused. A re-INVITE of its own is sent before, and BYE after it, whose answer ends the call if it has not ended.
    ///
    /// - Parameter first: Whether it is the INVITE of its call, which has been sent.
    fileprivate func isRefused(first: Bool = false, within limit: Duration) async throws {
        if !first {
            // A hold: what changes nothing the gateway answers by itself.
            media.direction = .sendonly
            send { $0.request("INVITE", body: self.media.offer()) }
        }
        let refusal = try await final("INVITE", within: limit)
        guard (400...699).contains(refusal.status) else { throw HarnessError("not refused: \(refusal.text)") }
        if let dialog { probe.send(dialog.acknowledgement(of: refusal)) }
        guard !first else { return }
        send { $0.request("BYE") }
        let end = try await final("BYE", within: .patience).status
        guard [200, 481].contains(end) else { throw HarnessError("BYE was answered \(end)") }
    }

    /// Has the other side transferred to the echo, which is told to have failed; then it hangs up.
    fileprivate func transferFails(within limit: Duration) async throws {
        let status = try await refer(to: "echo")
        guard status == 202 else { throw HarnessError("REFER was answered \(status)") }
        var notice = ""
        while !notice.hasSuffix(".") { notice = try await notified(within: limit) }
        guard let code = notice.split(separator: " ").dropFirst().first.flatMap({ Int($0) }), code >= 400 else { throw HarnessError("the NOTIFY says \(notice)") }
        send { $0.request("BYE") }
        let end = try await final("BYE", within: .patience).status
        guard [200, 481].contains(end) else { throw HarnessError("BYE was answered \(end)") }
    }
}

extension IntegrationTests.Parties {
    /// What a browser without candidates answers: the first codec of the first audio, and nothing else.
    static func answer(to offer: String) -> String {
        var media: [[String]] = []
        for line in offer.components(separatedBy: "\r\n") where line.hasPrefix("m=") || !media.isEmpty {
            if line.hasPrefix("m=") { media.append([]) }
            media[media.count - 1].append(line)
        }
        func value(_ name: String, _ lines: [String]) -> String? { lines.first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) } }
        let accepted = media.firstIndex { $0[0].hasPrefix("m=audio ") }
        var lines = ["v=0", "o=- 4612 2 IN IP4 127.0.0.1", "s=-", "t=0 0"]
        if let accepted { lines.append("a=group:BUNDLE \(value("a=mid:", media[accepted]) ?? "0")") }
        for (index, medium) in media.enumerated() {
            let words = medium[0].components(separatedBy: " "), mid = "a=mid:\(value("a=mid:", medium) ?? "\(index)")"
            guard index == accepted, words.count > 3 else {
                lines += [([words[0], "0"] + words.dropFirst(2)).joined(separator: " "), "c=IN IP4 0.0.0.0", mid]
                continue
            }
            lines += [
                "m=audio 9 \(words[2]) \(words[3])", "c=IN IP4 0.0.0.0", "a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuvwx",
                "a=fingerprint:sha-256 " + Array(repeating: "AB", count: 32).joined(separator: ":"), "a=setup:active", mid, "a=sendrecv", "a=rtcp-mux",
            ]
            lines += medium.filter { $0.hasPrefix("a=rtpmap:\(words[3]) ") || $0.hasPrefix("a=fmtp:\(words[3]) ") }
        }
        return (lines + [""]).joined(separator: "\r\n")
    }
}
