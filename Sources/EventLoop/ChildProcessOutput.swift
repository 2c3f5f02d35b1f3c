internal import CUV

extension ChildProcess {
    /// Which of the child's two outputs a line came from.
    public enum Stream: Sendable { case standardOutput, standardError }

    /// The reading end of one of the child's outputs: cuts what comes into lines.
    @LoopActor
    final class Output {
        let pipe: UnsafeMutablePointer<uv_pipe_t>
        private let onLine: @LoopActor (String) -> Void
        private var onEnd: (@LoopActor () -> Void)?
        private let maximumLineLength: Int
        private var line: [UInt8] = []
        private nonisolated(unsafe) let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 16_384)

        init(maximumLineLength: Int, onLine: @escaping @LoopActor (String) -> Void, onEnd: @escaping @LoopActor () -> Void) {
            self.maximumLineLength = maximumLineLength
            self.onLine = onLine
            self.onEnd = onEnd
            pipe = .allocate(capacity: 1)
            uv_pipe_init(EventLoop.shared.uvLoopPointer, pipe, 0)
            pipe.pointee.data = Unmanaged.passRetained(self).toOpaque()
        }

        deinit { buffer.deallocate() }

        /// Starts reading, once the child has its end of the pipe.
        func read() {
            let status = pipe.withMemoryRebound(to: uv_stream_t.self, capacity: 1) { stream in
                uv_read_start(stream, { handle, _, buffer in
                    guard let output = Output.of(handle) else { return }
                    LoopActor.assumeIsolated {
                        buffer?.pointee.base = output.buffer.baseAddress
                        buffer?.pointee.len = output.buffer.count
                    }
                }, { stream, count, _ in
                    let output = stream?.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { Output.of($0) }
                    guard let output else { return }
                    LoopActor.assumeIsolated { output.took(count) }
                })
            }
            if status != 0 { close() }
        }

        private nonisolated static func of(_ handle: UnsafeMutablePointer<uv_handle_t>?) -> Output? {
            handle?.pointee.data.map { Unmanaged<Output>.fromOpaque($0).takeUnretainedValue() }
        }

        private func took(_ count: Int) {
            if count < 0 { return close() }
            for character in buffer.prefix(count) {
                let byte = UInt8(bitPattern: character)
                if byte == UInt8(ascii: "\n") {
                    emit()
                } else {
                    line.append(byte)
                    if line.count >= maximumLineLength { emit() }
                }
            }
        }

        private func emit() {
            let text = String(decoding: line, as: UTF8.self)
            line.removeAll(keepingCapacity: true)
            onLine(text)
        }

        /// Hands over an unfinished line and ends; harmless when repeated.
        func close() {
            guard let onEnd else { return }
            self.onEnd = nil
            if !line.isEmpty { emit() }
            pipe.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { handle in
                uv_close(handle) { handle in
                    guard let handle, let data = handle.pointee.data else { return }
                    Unmanaged<Output>.fromOpaque(data).release()
                    handle.withMemoryRebound(to: uv_pipe_t.self, capacity: 1) { $0.deallocate() }
                }
            }
            onEnd()
        }
    }
}
