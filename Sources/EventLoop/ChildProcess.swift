internal import CUV
internal import Foundation
internal import Glibc

/// A program that runs as a child of this process, supervised on the loop.
///
/// It reads from /dev/null, inherits no descriptor but its outputs, and has a session of its own, so that a Ctrl-C at the
/// terminal is for this process to act on. A child that has ended is reaped by the loop and never stays a zombie.
@LoopActor
public final class ChildProcess {
    /// How a child ended.
    public enum Exit: Sendable, Equatable {
        case exited(Int)
        case killed(signal: Int)
    }

    /// How long an exit waits for outputs that a grandchild holds open.
    private static let drainLimit = Duration.milliseconds(250)

    /// Variables of this program's configuration begin so. Passwords and keys may be in them, and no child needs one.
    public static let ownPrefix = "TERN_"

    public let pid: Int32
    private var process: UnsafeMutablePointer<uv_process_t>?
    private var outputs: [Output] = []
    private var openOutputs = 2
    private var exit: Exit?
    private var drain: LoopTimer?
    private var onExit: (@LoopActor (Exit) -> Void)?

    /// Starts `command`.
    ///
    /// - Parameters:
    ///   - onLine: Each line of the two outputs, without its line feed; bytes that are no UTF-8 are replaced.
    ///   - onExit: Once, after the last line.
    public init(
        _ command: Command,
        onLine: @escaping @LoopActor (Stream, String) -> Void,
        onExit: @escaping @LoopActor (Exit) -> Void
    ) throws(ChildProcessError) {
        let (path, arguments) = try command.resolved()
        let handle = UnsafeMutablePointer<uv_process_t>.allocate(capacity: 1)
        handle.initialize(to: uv_process_t())
        let relay = Relay()
        let outputs = [Stream.standardOutput, .standardError].map { stream in
            Output(maximumLineLength: command.maximumLineLength) { onLine(stream, $0) } onEnd: { relay.child?.outputEnded() }
        }
        let status = ChildProcess.spawn(handle, path: path, arguments: arguments, command: command, outputs: outputs)
        guard status == 0 else {
            outputs.forEach { $0.close() }
            ChildProcess.close(handle)
            throw .notStarted(path: path, reason: String(cString: uv_strerror(status)))
        }
        pid = handle.pointee.pid
        process = handle
        self.outputs = outputs
        self.onExit = onExit
        relay.child = self
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        outputs.forEach { $0.read() }
    }

    /// Sends a signal; nothing happens when the child has ended.
    public func kill(_ signal: Int32) {
        guard let process, exit == nil else { return }
        uv_process_kill(process, signal)
    }

    // MARK: The end

    private func ended(status: Int64, signal: Int32) {
        exit = signal == 0 ? .exited(Int(status)) : .killed(signal: Int(signal))
        if openOutputs == 0 { return finish() }
        drain = LoopTimer.schedule(after: ChildProcess.drainLimit) { [self] in outputs.forEach { $0.close() } }
    }

    private func outputEnded() {
        openOutputs -= 1
        if openOutputs == 0, exit != nil { finish() }
    }

    private func finish() {
        guard let exit, let onExit, let process else { return }
        self.onExit = nil
        self.process = nil
        outputs = []
        drain?.cancel()
        drain = nil
        ChildProcess.close(process)
        onExit(exit)
    }

    /// Outputs are made before the child that they belong to.
    @LoopActor
    private final class Relay {
        weak var child: ChildProcess?
    }
}

// MARK: libuv

extension ChildProcess {
    private static func spawn(
        _ handle: UnsafeMutablePointer<uv_process_t>, path: String, arguments: [String], command: Command, outputs: [Output]
    ) -> Int32 {
        keepDescriptors()
        var stdio = [uv_stdio_container_t](repeating: uv_stdio_container_t(), count: 3)
        stdio[0].flags = UV_IGNORE
        for (index, output) in outputs.enumerated() {
            stdio[index + 1].flags = uv_stdio_flags(rawValue: UV_CREATE_PIPE.rawValue | UV_WRITABLE_PIPE.rawValue)
            stdio[index + 1].data.stream = UnsafeMutableRawPointer(output.pipe).assumingMemoryBound(to: uv_stream_t.self)
        }
        var arguments = arguments.map { strdup($0) } + [nil]
        let variables = command.environment ?? ChildProcess.inherited
        var environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        let file = strdup(path), directory = command.directory.map { strdup($0) }
        defer {
            for string in arguments + environment { free(string) }
            free(file)
            if let directory { free(directory) }
        }
        return stdio.withUnsafeMutableBufferPointer { stdio in
            arguments.withUnsafeMutableBufferPointer { arguments in
                environment.withUnsafeMutableBufferPointer { environment in
                    var options = uv_process_options_t()
                    options.file = UnsafePointer(file)
                    options.args = arguments.baseAddress
                    options.env = environment.baseAddress
                    options.cwd = directory.flatMap { UnsafePointer($0) }
                    options.flags = UV_PROCESS_DETACHED.rawValue
                    options.stdio_count = 3
                    options.stdio = stdio.baseAddress
                    options.exit_cb = { handle, status, signal in
                        guard let data = handle?.pointee.data else { return }
                        let child = Unmanaged<ChildProcess>.fromOpaque(data).takeUnretainedValue()
                        LoopActor.assumeIsolated { child.ended(status: status, signal: signal) }
                    }
                    return uv_spawn(EventLoop.shared.uvLoopPointer, handle, &options)
                }
            }
        }
    }

    /// What a child has of this process' environment.
    private static var inherited: [String: String] {
        ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix(ChildProcess.ownPrefix) }
    }

    /// Marks this process' descriptors as its own, whichever library opened them: libuv closes none in the child.
    private static func keepDescriptors() {
        guard let directory = opendir("/proc/self/fd") else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard let descriptor = Int32(name), descriptor > 2 else { continue }
            let flags = fcntl(descriptor, F_GETFD)
            if flags >= 0, flags & FD_CLOEXEC == 0 { _ = fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) }
        }
    }

    private static func close(_ process: UnsafeMutablePointer<uv_process_t>) {
        process.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { handle in
            uv_close(handle) { handle in
                guard let handle else { return }
                if let data = handle.pointee.data { Unmanaged<ChildProcess>.fromOpaque(data).release() }
                handle.withMemoryRebound(to: uv_process_t.self, capacity: 1) { $0.deallocate() }
            }
        }
    }
}
