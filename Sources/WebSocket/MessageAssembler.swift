/// Joins the fragments of incoming messages, and says what a peer did wrong.
struct MessageAssembler {
    enum Outcome: Equatable {
        case incomplete
        case message(String)
        /// The connection has to be closed, with this status of RFC 6455, section 7.4.1.
        case violation(code: Int, reason: String)
    }

    /// Bytes in one message.
    let limit: Int
    private var bytes: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    /// - Parameters:
    ///   - part: The next bytes of the message.
    ///   - remaining: Bytes of the same frame that are still to come, as its header announced them.
    ///   - isFinal: Whether the message ends here.
    mutating func append(
        _ part: UnsafeRawBufferPointer, remaining: Int, isFinal: Bool, isBinary: Bool
    ) -> Outcome {
        if isBinary { return violation(1003, "only text is understood") }
        let room = limit - bytes.count - part.count
        guard room >= 0, remaining >= 0, remaining <= room else {
            return violation(1009, "a message may have \(limit) bytes")
        }
        bytes.append(contentsOf: part)
        guard isFinal else { return .incomplete }
        defer { release() }
        guard let text = String(validating: bytes, as: UTF8.self) else { return violation(1007, "the text is not UTF-8") }
        return .message(text)
    }

    private mutating func violation(_ code: Int, _ reason: String) -> Outcome {
        bytes = []
        return .violation(code: code, reason: reason)
    }

    /// Small buffers are kept for the next message; thousands of idle connections must not each keep a large one.
    private mutating func release() {
        if bytes.capacity > 8_192 { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
    }
}
