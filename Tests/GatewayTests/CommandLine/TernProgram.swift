import Foundation

/// Runs the built `tern`, which stands beside the tests' own program.
struct TernProgram {
    struct Outcome: Sendable {
        let code: Int32
        let output: String
        let error: String
    }

    private static var path: String {
        get throws {
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("tern").path
        }
    }

    /// Runs it to its end.
    ///
    /// - Parameter reaction: Called with each piece of its standard output or error, to send it signals.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], input: String? = nil,
        reaction: (@Sendable (_ output: String, _ process: pid_t) -> Void)? = nil
    ) async throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try path)
        process.arguments = arguments
        process.environment = environment.merging(["PATH": "/usr/bin:/bin"]) { own, _ in own }
        let (output, error) = (Pipe(), Pipe())
        let typed = Pipe()
        process.standardInput = input == nil ? FileHandle.nullDevice : typed
        // A pipe takes this much without a reader.
        try typed.fileHandleForWriting.write(contentsOf: Data((input ?? "").utf8.prefix(4_096)))
        try typed.fileHandleForWriting.close()
        process.standardOutput = output
        process.standardError = error
        try process.run()
        let id = process.processIdentifier
        // Whatever goes wrong, none is left behind.
        let killer = Task {
            try await Task.sleep(for: .seconds(40))
            kill(id, SIGKILL)
        }
        defer { killer.cancel() }
        async let written = collect(output.fileHandleForReading) { reaction?($0, id) }
        async let complained = collect(error.fileHandleForReading) { reaction?($0, id) }
        let texts = await (written, complained)
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [process] in
                process.waitUntilExit()
                continuation.resume()
            }
        }
        return Outcome(code: process.terminationStatus, output: texts.0, error: texts.1)
    }

    /// Reads to the end, on a thread of its own: a test must not block the pool.
    private static func collect(_ handle: FileHandle, _ each: @escaping @Sendable (String) -> Void) async -> String {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var all = Data()
                while case let piece = handle.availableData, !piece.isEmpty {
                    all += piece
                    each(String(decoding: piece, as: UTF8.self))
                }
                continuation.resume(returning: String(decoding: all, as: UTF8.self))
            }
        }
    }
}
