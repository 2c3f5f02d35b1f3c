import Foundation

/// The SIP client linphonec, headless: it speaks a tone from a file, and keeps what it hears in another.
final class Linphone: Sendable {
    private let directory: URL
    private let process: TestProcess
    /// Its standard input.
    private let input: FileHandle

    /// Starts it; it takes no calls by itself.
    ///
    /// - Parameter frequency: Its tone, in Hz.
    init(in environment: TestEnvironment, frequency: Double) async throws {
        directory = environment.directory.appendingPathComponent("linphone-\(UUID().uuidString.prefix(8))")
        // Without the folder for its database it has no sockets either.
        for folder in [".local/share/linphone", ".config/linphone"] {
            try FileManager.default.createDirectory(at: directory.appendingPathComponent(folder), withIntermediateDirectories: true)
        }
        try Tone.wave(frequency: frequency, seconds: 30).write(to: directory.appendingPathComponent("tone.wav"))
        let port = try FreePort.both(environment.address)
        try "[sip]\nsip_port=\(port)\nsip_tcp_port=0\nsip_tls_port=0\n".write(
            to: directory.appendingPathComponent("rc"), atomically: true, encoding: .utf8)
        let fifo = directory.appendingPathComponent("input").path
        guard mkfifo(fifo, 0o600) == 0 else { throw HarnessError("mkfifo: \(String(cString: strerror(errno)))") }
        // For reading as well, so that opening it waits for nobody.
        let descriptor = open(fifo, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw HarnessError("cannot open \(fifo)") }
        input = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        process = try await TestProcess(
            "/bin/sh", ["-c", "exec /usr/bin/linphonec -c rc <input"],
            environment: ["HOME": directory.path, "PATH": "/usr/bin:/bin"], directory: directory.path)
        command("soundcard use files")
        command("play \(directory.path)/tone.wav")
        command("record \(directory.path)/heard.wav")
    }

    private func command(_ text: String) { try? input.write(contentsOf: Data((text + "\n").utf8)) }

    /// Registers at the gateway; that it has is seen there.
    func register(_ user: String, at gateway: GatewayProcess) async throws {
        let registrar = "\(gateway.address):\(gateway.sipPort)"
        command("register sip:\(user)@\(gateway.address) sip:\(registrar) \(GatewayProcess.password)")
        let isThere = await eventually(within: .patience) {
            (try? SmallHTTP.status(port: gateway.httpPort))?.1.contains("\"registrations\":1,") == true
        }
        guard isThere else { throw HarnessError("linphone did not register:\n\(process.output)") }
    }

    func call(_ uri: String) { command("call \(uri)") }

    /// Takes the call that rings.
    func answer() async throws {
        _ = try await process.line(with: "Receiving new incoming call", within: .patience)
        command("answer")
    }

    func connected() async throws { _ = try await process.line(with: "Media streams established", within: .patience) }

    func hangUp() { command("terminate") }

    func ended() async throws { _ = try await process.line(with: "ended (", within: .patience) }

    /// Waits until it has listened for two seconds (48,000 samples of 16 bits each).
    func listens(within limit: Duration = .patience) async -> Bool {
        await eventually(within: limit) { (try? Data(contentsOf: self.heard))?.count ?? 0 > 2 * 48_000 * 2 }
    }

    /// Whether it has heard a tone in the call that ended: its file has a header only then.
    func hasHeard(_ frequency: Double, within limit: Duration = .patience) async -> Bool {
        await eventually(within: limit) {
            guard let data = try? Data(contentsOf: self.heard) else { return false }
            return Tone.isHeard(frequency, in: Tone.firstChannel(ofWave: data))
        }
    }

    private var heard: URL { directory.appendingPathComponent("heard.wav") }

    /// Unregisters and ends.
    func quit() async {
        command("unregister")
        command("quit")
        if await process.exit(within: .seconds(6)) == nil { await process.stop() }
    }
}
