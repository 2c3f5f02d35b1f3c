import Foundation

/// A sound card for a machine that has none: PulseAudio with a sink that swallows everything. Without one, Firefox lets no
/// AudioContext run, and the page's ears hear nothing.
final class SoundServer: Sendable {
    private let process: TestProcess
    /// What programs find it by.
    let variables: [String: String]

    init(in environment: TestEnvironment) async throws {
        let home = environment.directory.appendingPathComponent("sound").path
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        let socket = home + "/socket"
        variables = ["PULSE_SERVER": "unix:\(socket)"]
        process = try await TestProcess(
            "pulseaudio",
            [
                "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=yes",
                "-L", "module-null-sink", "-L", "module-native-protocol-unix auth-anonymous=1 socket=\(socket)",
            ],
            environment: ProcessInfo.processInfo.environment.merging(["HOME": home, "XDG_RUNTIME_DIR": home]) { $1 })
        guard await eventually(within: .patience, { FileManager.default.fileExists(atPath: socket) }) else {
            await process.stop()
            throw HarnessError("PulseAudio does not listen:\n\(process.output)")
        }
    }

    func stop() async { await process.stop() }
}
