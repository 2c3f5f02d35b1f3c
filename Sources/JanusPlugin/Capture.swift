internal import CJanusPlugin
internal import Glibc

/// What is captured of a medium: nothing, or all packets of one codec that are passed on, in one file. Under the leg's receiving lock.
struct Capture {
    /// The file's path without `.mjr`; nil while nothing is to be captured.
    private(set) var path: String?
    private var recorder: UnsafeMutablePointer<janus_recorder>?
    private var codec = Codec.other
    private var hasFailed = false
    private var isOn = false

    /// Takes another path.
    ///
    /// - Returns: The former recorder, for the caller to close.
    mutating func replace(_ path: String?) -> UnsafeMutablePointer<janus_recorder>? {
        guard path != self.path else { return nil }
        defer { self = Capture(path: path) }
        return recorder
    }

    init() {}

    private init(path: String?) {
        self.path = path
        isOn = path != nil
    }

    /// Saves a packet. The first one opens the file.
    ///
    /// - Returns: False when the file cannot be opened; once.
    @inline(__always)
    mutating func save(_ packet: UnsafeMutableRawPointer, length: Int, _ payload: Payload, _ format: () -> String) -> Bool {
        guard isOn, !hasFailed else { return true }
        if recorder == nil {
            guard let name = payload.codec.captureName else { return true }
            guard open(name, payload.codec, format()) else {
                hasFailed = true
                return false
            }
        }
        guard payload.codec == codec else { return true }
        _ = janus_recorder_save_frame(recorder, packet.assumingMemoryBound(to: CChar.self), UInt32(truncatingIfNeeded: length))
        return true
    }

    private mutating func open(_ name: StaticString, _ codec: Codec, _ format: String) -> Bool {
        guard let path else { return false }
        recorder = name.withUTF8Buffer { name in
            name.withMemoryRebound(to: CChar.self) { name in
                janus_recorder_create_full(nil, name.baseAddress, codec.isVideo && !format.isEmpty ? format : nil, path)
            }
        }
        self.codec = codec
        return recorder != nil
    }
}
