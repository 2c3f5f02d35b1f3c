import Foundation
import JSON
import Testing

/// What the system may lack or change under the gateway: descriptors, the time of day.
extension IntegrationTests {
    @Suite("Descriptors and clocks")
    struct SystemFaults {
        @Test("""
            connections take all descriptors: the call that is up stays, OPTIONS and new calls over UDP are served, the processor rests, and when they are gone \
            connections are served again
            """)
        func descriptors() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "descriptors", httpAddress: stage.environment.address)
            let phone = try SIPPhone(at: gateway)
            defer { phone.stop() }
            phone.call("echo")
            try await phone.answered()
            let former = try Descriptors.limit(of: gateway.pid)
            try await Descriptors.limit(of: gateway.pid, to: Descriptors.count(of: gateway.pid) + 12)
            var sockets: [Socket] = []
            for _ in 0..<60 {
                for port in [gateway.sipPort, gateway.httpPort] { sockets.append(try Socket(connectedTo: gateway.address, port: port)) }
            }
            defer { for socket in sockets { socket.close() } }
            #expect(await eventually(within: .patience) { gateway.log.contains("No SIP connections are accepted for a moment") })
            let begun = ContinuousClock.now, work = gateway.processorTime
            let probe = try SIPProbe(at: gateway)
            for _ in 0..<10 {
                let question = SIPProbe.Call(to: "echo", from: probe)
                probe.send(question.request("OPTIONS", number: 1))
                #expect(try await probe.finalStatus("OPTIONS", of: question) == 200)
                try await Task.sleep(for: .milliseconds(200))
            }
            let share = (gateway.processorTime - work) / begun.duration(to: .now).seconds
            #expect(share < 0.2, "the gateway takes \(share) of a processor")
            try await probe.callEcho()
            #expect(await phone.audio.hears(440))
            // None at all: not for what the gateway itself opens, either.
            try await Descriptors.limit(of: gateway.pid, to: 3)
            try await probe.callEcho()
            #expect(await phone.audio.hears(440))
            try await Descriptors.limit(of: gateway.pid, to: former)
            for socket in sockets { socket.close() }
            sockets = []
            let connection = try SIPWire(.tcp, to: gateway)
            connection.send(
                "OPTIONS sip:\(gateway.address) SIP/2.0\r\nVia: SIP/2.0/TCP \(gateway.address);rport;branch=z9hG4bK-after\r\nMax-Forwards: 70\r\n"
                    + "From: <sip:after@\(gateway.address)>;tag=1\r\nTo: <sip:\(gateway.address)>\r\nCall-ID: after\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
            #expect(await connection.final(within: .patience)?.status == 200)
            connection.close()
            #expect(await eventually(within: .patience) { (try? gateway.status().janus) == "ready" })
            try await phone.hangUp()
            await gateway.end()
        }

        @Test("""
            the clock is set an hour forward and two hours back in a call: it goes on, nonces and registrations serve as before, and its record has \
            times in order and its duration
            """, .enabled(if: FakedClock.library != nil, "needs the Debian package faketime"))
        func clock() async throws {
            let stage = try Stage.running
            let clock = try FakedClock(stage.environment.directory.appendingPathComponent("clock-offset"))
            let gateway = try await GatewayProcess(
                in: stage.environment, name: "clock", registrations: "registrations.sqlite", records: ["database: DIRECTORY/calls.sqlite"],
                variables: clock.variables)
            let phone = try SIPPhone(at: gateway)
            defer { phone.stop() }
            let registered = try SIPProbe(at: gateway)
            #expect(try await registered.register("bob", expires: 60) == 200)
            phone.call("echo", visitor: "carol", headers: "Supported: timer\r\nSession-Expires: 90;refresher=uas\r\n")
            try await phone.answered()
            #expect(await phone.audio.hears(440))
            let start = ContinuousClock.now
            for offset in [3_600, -3_600, 0] {
                let challenge = try await registered.challenge("alice")
                try clock.set(offset)
                #expect(try await eventually(within: .patience) { try await abs(Self.time(of: gateway) - Date().timeIntervalSince1970 - Double(offset)) < 60 })
                #expect(await phone.audio.hears(440))
                phone.send { $0.request("OPTIONS") }
                #expect(try await phone.final("OPTIONS", within: .patience).status == 200)
                #expect(try await registered.answers(challenge, of: "alice") == 200)
                #expect(try gateway.metric("tern_registrations") >= 1)
            }
            try clock.set(-3_600)
            #expect(try await eventually(within: .patience) { try await Self.time(of: gateway) < Date().timeIntervalSince1970 - 3_000 })
            try await phone.hangUp()
            let lasted = start.duration(to: .now)
            let admin = try await APIClient.user("admin", at: gateway)
            var found: JSONValue?
            let isRecorded = try await eventually(within: .patience) {
                found = try await admin.request("admin", "find_calls", ["from": "carol"])["calls"]?[0]
                return found?["end"] != nil
            }
            #expect(isRecorded)
            let times = try ["began", "answered", "ended"].map { try #require(found?["times"]?[$0]?.intValue, "\($0)") }
            #expect(times == times.sorted(), "\(times)")
            #expect(abs(Double(times[2] - times[1]) / 1_000 - lasted.seconds) < 5, "\(times), but it lasted \(lasted)")
            let overview = try await admin.request("admin", "get_overview")
            #expect((0...600).contains(overview["uptime"]?.intValue ?? -1), "\(overview["uptime"]?.text ?? "")")
            await admin.leave()
            await gateway.end()
        }

        /// What the gateway takes for the time of day.
        private static func time(of gateway: GatewayProcess) async throws -> Double {
            let admin = try await APIClient.user("admin", at: gateway)
            let time = try await admin.request("admin", "get_overview")["time"]?.doubleValue ?? 0
            await admin.leave()
            return time
        }
    }
}

/// The descriptors of another process.
private enum Descriptors {
    static func count(of process: Int32) -> Int { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count) ?? 0 }

    /// Sets the soft limit (util-linux' prlimit).
    static func limit(of process: Int32, to count: Int) async throws {
        let program = try await TestProcess("prlimit", ["--pid", "\(process)", "--nofile=\(count):"])
        guard await program.exit(within: .patience) == .exited(0) else { throw HarnessError("prlimit: \(program.output)") }
    }

    /// The soft limit (proc(5), limits).
    static func limit(of process: Int32) throws -> Int {
        let line = ProcFile.text("/proc/\(process)/limits").split(separator: "\n").first { $0.hasPrefix("Max open files") }
        guard let limit = line?.split(separator: " ").dropFirst(3).first.flatMap({ Int($0) }) else { throw HarnessError("no limit of descriptors") }
        return limit
    }
}

/// A time of day for one process, by libfaketime; the clocks that nobody sets stay as they are.
private struct FakedClock {
    static let library = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"].map { "\($0)/faketime/libfaketimeMT.so.1" }
        .first { FileManager.default.fileExists(atPath: $0) }
    private let file: URL

    init(_ file: URL) throws {
        self.file = file
        try set(0)
    }

    var variables: [String: String] {
        [
            "LD_PRELOAD": FakedClock.library ?? "", "FAKETIME_TIMESTAMP_FILE": file.path, "FAKETIME_CACHE_DURATION": "1", "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_FORCE_MONOTONIC_FIX": "1",
        ]
    }

    /// - Parameter offset: Seconds from the real time.
    func set(_ offset: Int) throws { try "\(offset < 0 ? "-" : "+")\(abs(offset))\n".write(to: file, atomically: false, encoding: .utf8) }
}

extension SIPProbe {
    /// The challenge to a REGISTER for `user`.
    fileprivate func challenge(_ user: String) async throws -> String {
        let id = UUID().uuidString
        send(registration(user, at: nil, id: id, number: 1, expires: 60, contact: nil))
        guard let challenge = await message(where: { $0.hasPrefix("SIP/2.0 401 ") && $0.contains("Call-ID: \(id)\r\n") }) else {
            throw HarnessError("no challenge")
        }
        return challenge
    }

    /// The status of a REGISTER with the answer to a challenge of before.
    fileprivate func answers(_ challenge: String, of user: String) async throws -> Int {
        let id = UUID().uuidString
        let credentials = try answer(to: challenge, user: user, password: GatewayProcess.password, method: "REGISTER", uri: "sip:\(registrar)")
        send(registration(user, at: nil, id: id, number: 2, expires: 60, contact: nil, headers: "Authorization: \(credentials)\r\n"))
        guard let response = await message(where: { $0.hasPrefix("SIP/2.0 ") && $0.contains("Call-ID: \(id)\r\n") }) else { throw HarnessError("no response") }
        return SIPProbe.status(of: response)
    }
}
