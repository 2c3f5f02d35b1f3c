import Foundation
import JSON

/// The SIP client baresip, which registers, calls and is called; it speaks a tone, shows a test picture, and keeps what it
/// hears in a file.
final class Baresip: Sendable {
    /// How it reaches the gateway.
    enum Transport: String, Sendable, CaseIterable {
        case udp, tcp
    }

    let user: String
    let directory: URL
    private let process: TestProcess
    private let control: Socket
    private let events = Mailbox<JSONValue>()

    /// Starts it with an account at the gateway.
    convenience init(
        _ user: String, at gateway: GatewayProcess, in environment: TestEnvironment, over transport: Transport = .udp,
        frequency: Int, video: Bool = false, answers: Bool = true
    ) async throws {
        try await self.init(
            user, password: GatewayProcess.password, registrar: "\(gateway.address):\(gateway.sipPort)", in: environment,
            over: transport, frequency: frequency, video: video, answers: answers)
    }

    /// Starts it, and has it register; ``registered()`` waits until it has.
    ///
    /// - Parameters:
    ///   - registrar: `ADDRESS:PORT`.
    ///   - frequency: Its tone, in Hz.
    ///   - answers: Whether it takes calls by itself.
    init(
        _ user: String, password: String, registrar: String, in environment: TestEnvironment, over transport: Transport = .udp,
        frequency: Int, video: Bool = false, answers: Bool = true
    ) async throws {
        self.user = user
        directory = environment.directory.appendingPathComponent("baresip-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        // It takes the port and the next one, for SIP over TLS.
        let sipPort = try FreePort.both(environment.address)
        let controlPort = try FreePort.tcp("127.0.0.1")
        let configuration = Baresip.configuration(
            in: directory.path, listen: "\(environment.address):\(sipPort)", control: controlPort, frequency: frequency, video: video)
        let account =
            "<sip:\(user)@\(registrar);transport=\(transport.rawValue)>;auth_pass=\(password)"
            + ";regint=60;audio_codecs=opus/48000/2;answermode=\(answers ? "auto" : "manual")"
        for (name, text) in [("config", configuration), ("accounts", ""), ("contacts", "")] {
            try text.write(to: directory.appendingPathComponent(name), atomically: true, encoding: .utf8)
        }
        process = try await TestProcess("/usr/bin/baresip", ["-f", directory.path], directory: directory.path)
        var connected: Socket?
        _ = await eventually(within: .patience) {
            connected = try? Socket(connectedTo: "127.0.0.1", port: controlPort)
            return connected != nil
        }
        guard let connected else {
            await process.stop()
            throw HarnessError("baresip has no control port:\n\(process.output)")
        }
        control = connected
        let control = control, events = events
        Thread.detachNewThread {
            var netstrings = Netstrings()
            while let bytes = control.read(), !bytes.isEmpty {
                for text in netstrings.take(bytes) { if let event = try? JSONValue(parsing: text) { events.post(event) } }
            }
        }
        // Not by its file of accounts, or it would have registered before anybody listens.
        command("uanew", account)
    }

    private static func configuration(in directory: String, listen: String, control: Int, frequency: Int, video: Bool) -> String {
        let modules = ["opus.so", "aufile.so", "ausine.so", "sndfile.so"] + (video ? ["vp8.so", "fakevideo.so"] : [])
        return """
            poll_method epoll
            sip_listen \(listen)
            audio_player aufile,\(directory)/played.wav
            audio_source ausine,\(frequency)
            audio_alert aufile,\(directory)/alert.wav
            video_source fakevideo,nil
            video_display fakevideo,nil
            video_size 320x240
            video_fps 10
            rtp_ports 30000-30999
            module_path /usr/lib/baresip/modules
            \(modules.map { "module \($0)" }.joined(separator: "\n"))
            module_tmp uuid.so
            module_tmp account.so
            module_app menu.so
            module ctrl_tcp.so
            ctrl_tcp_listen 127.0.0.1:\(control)
            snd_path \(directory)

            """
    }

    // MARK: What it does

    func dial(_ uri: String) { command("dial", uri) }

    func answer() { command("accept") }

    func hangUp() { command("hangup") }

    /// Hands the other side of its call over.
    func transfer(to uri: String) { command("transfer", uri) }

    private func command(_ name: String, _ parameters: String = "") {
        let text = JSONValue.object(["command": .string(name), "params": .string(parameters), "token": "t"]).text
        control.write(Array("\(text.utf8.count):\(text),".utf8))
    }

    // MARK: What happens to it

    func registered() async throws { _ = try await event("REGISTER_OK") }
    func ringing() async throws { _ = try await event("CALL_INCOMING") }
    func established() async throws { _ = try await event("CALL_ESTABLISHED") }

    /// Why the call ended.
    @discardableResult
    func closed() async throws -> String { try await event("CALL_CLOSED")["param"]?.stringValue ?? "" }

    private func event(_ type: String, within limit: Duration = .patience) async throws -> JSONValue {
        guard let event = await events.first(within: limit, where: { $0["type"]?.stringValue == type }) else {
            throw HarnessError("baresip of \(user): no \(type) within \(limit), but \(events.all.map(\.text))\n\(process.output.suffix(4_000))")
        }
        return event
    }

    /// Waits until it has heard a tone; what it hears comes into its file as it hears it.
    func hears(_ frequency: Double, within limit: Duration = .patience) async -> Bool {
        await eventually(within: limit) { self.heard(frequency) }
    }

    private func heard(_ frequency: Double) -> Bool {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return files.filter { $0.hasSuffix("-dec.wav") }.contains { file in
            guard let data = try? Data(contentsOf: directory.appendingPathComponent(file)), data.count > 44 else { return false }
            return Tone.isHeard(frequency, in: Tone.firstChannel(ofWave: data))
        }
    }

    /// Whether its decoder has shown pictures.
    func sees(within limit: Duration = .patience) async -> Bool {
        await eventually(within: limit) { self.process.output.contains("receiving with resolution") }
    }

    /// Unregisters and ends.
    func quit() async {
        command("quit")
        if await process.exit(within: .patience) == nil { await process.stop() }
        control.close()
    }
}

/// Texts of the form `5:hello,`.
private struct Netstrings {
    private var rest: [UInt8] = []

    mutating func take(_ bytes: [UInt8]) -> [String] {
        rest += bytes
        var texts: [String] = []
        while let colon = rest.firstIndex(of: UInt8(ascii: ":")),
            let count = Int(String(decoding: rest[..<colon], as: UTF8.self)), rest.count > colon + 1 + count {
            texts.append(String(decoding: rest[(colon + 1)..<(colon + 1 + count)], as: UTF8.self))
            rest.removeFirst(colon + 2 + count)
        }
        return texts
    }
}
