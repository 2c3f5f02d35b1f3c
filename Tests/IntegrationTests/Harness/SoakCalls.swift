import Foundation
import JSON
import TestRandom

/// Calls and sessions of all kinds, a third of which is broken off at a random point: the party is gone, without a word.
struct SoakCalls: Sendable {
    enum Kind: CaseIterable, Sendable {
        case echo, answered, left, refused, cancelled, unknown, browser, session, fromBrowser, transferred

        /// How many of a hundred calls are of this kind.
        var share: Int {
            switch self {
            case .echo: 30
            case .answered: 22
            case .left: 12
            case .refused, .cancelled: 8
            case .unknown, .browser, .session: 5
            case .fromBrowser: 3
            case .transferred: 2
            }
        }
    }

    let gateway: GatewayProcess

    /// Makes so many calls, at most `workers` of them at a time.
    ///
    /// - Parameters:
    ///   - breaking: Whether a third is broken off.
    ///   - end: When no further one is begun.
    /// - Returns: How many there were, and what went wrong with calls that were not broken off.
    func run(
        _ count: Int, workers: Int, breaking: Bool, until end: ContinuousClock.Instant? = nil, random: inout SeededRandom
    ) async -> (calls: Int, problems: [String]) {
        let seeds = (0..<workers).map { _ in random.next() }
        return await withTaskGroup(of: (Int, [String]).self) { group in
            for (worker, seed) in seeds.enumerated() {
                group.addTask {
                    var random = SeededRandom(seed: seed), problems: [String] = [], calls = 0
                    while calls < count / workers + (worker < count % workers ? 1 : 0), end.map({ ContinuousClock.now < $0 }) ?? true {
                        calls += 1
                        let kind = SoakCalls.kind(&random), isBroken = breaking && Int.random(in: 0..<3, using: &random) == 0
                        do {
                            try await play(kind, isBroken: isBroken, &random)
                        } catch {
                            problems.append("\(kind)\(isBroken ? ", broken off" : ""): \("\(error)".prefix(300))")
                        }
                    }
                    return (calls, problems)
                }
            }
            return await group.reduce(into: (0, [])) { all, one in
                all.0 += one.0
                all.1 += one.1
            }
        }
    }

    private static func kind(_ random: inout SeededRandom) -> Kind {
        var left = Int.random(in: 0..<100, using: &random)
        for kind in Kind.allCases {
            left -= kind.share
            if left < 0 { return kind }
        }
        return .echo
    }

    private func play(_ kind: Kind, isBroken: Bool, _ random: inout SeededRandom) async throws {
        switch kind {
        case .echo: try await call("echo", isBroken: isBroken, &random)
        case .answered:
            let gone: [SoakPhones.Manner] = [.answers, .dies, .vanishes]
            let manner = isBroken ? gone.randomElement(using: &random) ?? .answers : .answers
            try await call(manner.rawValue, isBroken: isBroken, &random)
        // It may have hung up before the caller could be answered.
        case .left: try await call("leaves", isBroken: isBroken, mayBeRefused: true, &random)
        case .refused, .unknown: try await refused(kind == .refused ? "refuses" : "nobody", isBroken: isBroken)
        case .cancelled: try await cancelled(isBroken: isBroken, &random)
        case .browser: try await call("alice", isBroken: isBroken, mayBeRefused: true, &random)
        case .session, .fromBrowser: try await client(kind, isBroken: isBroken, &random)
        case .transferred: try await transferred(isBroken: isBroken)
        }
    }

    // MARK: Phones

    private static func pause(_ random: inout SeededRandom, most: Int = 400) async {
        try? await Task.sleep(for: .milliseconds(Int.random(in: 0...most, using: &random)))
    }

    /// Calls, speaks for a moment and hangs up, or waits for the other side to do so.
    private func call(_ user: String, isBroken: Bool, mayBeRefused: Bool = false, _ random: inout SeededRandom) async throws {
        let probe = try SIPProbe(at: gateway)
        var call = SIPProbe.Call(to: user, from: probe)
        probe.send(call.invite())
        let point = isBroken ? Int.random(in: 0..<4, using: &random) : 4
        if point == 0 { return await Self.pause(&random, most: 100) }
        let answer = try await probe.final(of: call)
        let status = SIPProbe.status(of: answer)
        guard status == 200 else {
            probe.send(call.acknowledgement(of: "INVITE"))
            if isBroken || mayBeRefused { return }
            throw HarnessError("\(user): \(status)")
        }
        call.learn(from: answer)
        if point == 1 { return }
        probe.send(call.request("ACK", number: 1))
        if point == 2 { return await Self.pause(&random) }
        speak(to: answer)
        await Self.pause(&random)
        if point == 3 { return }
        if user == "leaves" {
            guard let bye = await probe.message(with: "BYE sip:", of: call) else { throw HarnessError("no BYE") }
            return probe.send(SIPProbe.ok(to: bye))
        }
        probe.send(call.request("BYE", number: 2))
        let end = try await probe.finalStatus("BYE", of: call)
        guard end == 200 || isBroken || mayBeRefused else { throw HarnessError("BYE: \(end)") }
    }

    /// Half a second of a tone, at once.
    private func speak(to answer: String) {
        guard let line = answer.split(separator: "\r\n").first(where: { $0.hasPrefix("m=audio ") }), let port = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }),
            let socket = try? RTPPhone.evenSocket(gateway.address)
        else { return }
        let source = UInt32.random(in: 1...UInt32.max)
        for number in 0..<25 {
            let header = RTPPhone.header(0, number: number, time: number * 160, source: source, isFirst: number == 0)
            socket.send(header + Tone.packet(number, frequencies: [440], amplitude: 8_000), to: gateway.address, port: port)
        }
        socket.close()
    }

    private func refused(_ user: String, isBroken: Bool) async throws {
        let probe = try SIPProbe(at: gateway)
        let call = SIPProbe.Call(to: user, from: probe)
        probe.send(call.invite())
        let status = try await probe.finalStatus(of: call)
        guard (400..<500).contains(status) else { throw HarnessError("\(user): \(status)") }
        if !isBroken { probe.send(call.acknowledgement(of: "INVITE")) }
    }

    private func cancelled(isBroken: Bool, _ random: inout SeededRandom) async throws {
        let probe = try SIPProbe(at: gateway)
        let call = SIPProbe.Call(to: "rings", from: probe)
        probe.send(call.invite())
        if isBroken {
            // Before or behind the gateway's own INVITE.
            await Self.pause(&random, most: 30)
            probe.send(call.cancel())
            return await Self.pause(&random, most: 30)
        }
        guard await probe.message(with: "SIP/2.0 180 ", of: call) != nil else { throw HarnessError("it does not ring") }
        probe.send(call.cancel())
        let status = try await probe.finalStatus(of: call)
        probe.send(call.acknowledgement(of: "INVITE"))
        guard status == 487 else { throw HarnessError("CANCEL: \(status)") }
    }

    /// Has the called phone transferred to the echo, which it leaves then.
    private func transferred(isBroken: Bool) async throws {
        let probe = try SIPProbe(at: gateway)
        var call = SIPProbe.Call(to: "answers", from: probe)
        probe.send(call.invite())
        let answer = try await probe.final(of: call)
        guard SIPProbe.status(of: answer) == 200 else {
            probe.send(call.acknowledgement(of: "INVITE"))
            throw HarnessError("not answered: \(answer)")
        }
        call.learn(from: answer)
        probe.send(call.request("ACK", number: 1))
        probe.send(call.request("REFER", number: 2, headers: "Refer-To: <sip:echo@\(probe.registrar)>\r\nContact: <sip:probe@\(probe.authority)>\r\n"))
        if isBroken { return }
        let status = try await probe.finalStatus("REFER", of: call)
        guard status == 202 else { throw HarnessError("REFER: \(status)") }
        let id = call.id
        while true {
            guard let request = await probe.message(where: { $0.contains("Call-ID: \(id)\r\n") && ($0.hasPrefix("NOTIFY ") || $0.hasPrefix("BYE ")) }) else {
                throw HarnessError("no BYE after the transfer")
            }
            probe.send(SIPProbe.ok(to: request))
            if request.hasPrefix("BYE ") { return }
        }
    }

    // MARK: Clients of the browser API

    /// A client that has an echo, or calls a phone.
    private func client(_ kind: Kind, isBroken: Bool, _ random: inout SeededRandom) async throws {
        let client = try await APIClient.user("bob", at: gateway)
        let isCall = kind == .fromBrowser
        let request: JSONValue = isCall
            ? ["dest": "answers", "offer": ["sdp": .string(IntegrationTests.Parties.offer)]]
            : ["type": "echo", "offer": ["sdp": .string(IntegrationTests.Parties.offer)]]
        let name = isCall ? "call_id" : "session_id"
        let data = try await client.request("media", isCall ? "start_call" : "start_session", request)
        guard let id = data[name] else { throw HarnessError("no \(name): \(data.text)") }
        await Self.pause(&random)
        if isBroken { return client.socket.close(politely: false) }
        if !isCall { try await client.request("media", "stop_session", [name: id]) }
        // The phone may have hung up meanwhile, and Janus may have given up a browser that does not exist.
        if isCall { _ = try? await client.request("media", "hangup_call", [name: id]) }
        await client.leave()
    }

    /// Has a client of alice's take two calls of three, and refuse the third, until it is cancelled.
    func serve(_ client: APIClient) -> Task<Void, Never> {
        Task.detached {
            var number = 0
            while !Task.isCancelled {
                guard let invitation = try? await client.serve("call_invite", within: .seconds(1)), let call = invitation["call_id"] else { continue }
                number += 1
                let isTaken = number % 3 != 0, sdp = invitation["offer"]?["sdp"]?.stringValue ?? ""
                // What is broken off has ended by now.
                if isTaken { _ = try? await client.request("media", "ring_call", ["call_id": call]) }
                let answer: JSONValue = ["call_id": call, "answer": ["sdp": .string(IntegrationTests.Parties.answer(to: sdp))]]
                _ = try? await client.request("media", isTaken ? "answer_call" : "reject_call", isTaken ? answer : ["call_id": call])
            }
        }
    }
}
