internal import CSRTP

/// One direction of SRTP: nothing while no key is agreed.
struct SRTPStream {
    /// What becomes of a packet.
    enum Result {
        case good
        /// A repetition, or a packet that is too late to be told from one (RFC 3711 section 3.3.2).
        case repeated
        case bad
    }

    private(set) var key: SRTPKey?
    private var context: srtp_t?
    private var recent = InlineRing()

    /// Whether packets are protected.
    @inline(__always) var isOn: Bool { context != nil }

    /// Takes another key with its context.
    ///
    /// - Returns: The former context, for the caller to give back.
    mutating func replace(_ key: SRTPKey?, _ context: srtp_t?) -> srtp_t? {
        defer {
            self.key = key
            self.context = context
            recent = InlineRing()
        }
        return self.context
    }

    /// Protects a packet; behind it there are ``Leg/trailerSize`` bytes of room.
    ///
    /// - Returns: Whether it may be sent.
    @inline(__always)
    func protect(_ packet: UnsafeMutableRawPointer, _ length: inout Int) -> Bool {
        guard let context else { return true }
        var size = Int32(truncatingIfNeeded: length)
        guard srtp_protect(context, packet, &size) == srtp_err_status_ok else { return false }
        length = Int(size)
        return true
    }

    func protectRTCP(_ packet: UnsafeMutableRawPointer, _ length: inout Int) -> Bool {
        guard let context else { return true }
        var size = Int32(truncatingIfNeeded: length)
        guard srtp_protect_rtcp(context, packet, &size) == srtp_err_status_ok else { return false }
        length = Int(size)
        return true
    }

    @inline(__always)
    mutating func unprotect(_ packet: UnsafeMutableRawPointer, _ length: inout Int) -> Result {
        guard let context else { return .good }
        guard length >= 12 else { return .bad }
        var size = Int32(truncatingIfNeeded: length)
        let status = srtp_unprotect(context, packet, &size)
        guard status == srtp_err_status_ok else { return SRTPStream.result(status) }
        length = Int(size)
        remember(packet.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        return .good
    }

    mutating func unprotectRTCP(_ packet: UnsafeMutableRawPointer, _ length: inout Int) -> Result {
        guard let context else { return .good }
        guard length >= 8 else { return .bad }
        var size = Int32(truncatingIfNeeded: length)
        let status = srtp_unprotect_rtcp(context, packet, &size)
        guard status == srtp_err_status_ok else { return SRTPStream.result(status) }
        length = Int(size)
        remember(packet.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        return .good
    }

    private static func result(_ status: srtp_err_status_t) -> Result {
        status == srtp_err_status_replay_fail || status == srtp_err_status_replay_old ? .repeated : .bad
    }

    /// A phone that changes its source all the time must not fill the memory: the library forgets the oldest.
    ///
    /// - Parameter source: As it stands in the packet.
    @inline(__always)
    private mutating func remember(_ source: UInt32) {
        guard let context, let oldest = recent.insert(source) else { return }
        _ = srtp_remove_stream(context, oldest)
    }
}

/// The last eight values, without memory of their own.
private struct InlineRing {
    private var values: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0, 0, 0, 0)
    private var count = 0
    private var next = 0
    private var last: UInt32 = 0

    /// - Returns: The value that made room; nil where there was room, or the value is there.
    mutating func insert(_ value: UInt32) -> UInt32? {
        if count > 0, value == last { return nil }
        last = value
        let size = 8, count = count, next = next
        var isKnown = false
        let oldest = withUnsafeMutableBytes(of: &values) { bytes -> UInt32? in
            var index = 0
            while index < count {
                if bytes.load(fromByteOffset: index &* 4, as: UInt32.self) == value { isKnown = true }
                index = index &+ 1
            }
            guard !isKnown else { return nil }
            let oldest = bytes.load(fromByteOffset: next &* 4, as: UInt32.self)
            bytes.storeBytes(of: value, toByteOffset: next &* 4, as: UInt32.self)
            return count == size ? oldest : nil
        }
        guard !isKnown else { return nil }
        self.next = (next &+ 1) & (size &- 1)
        self.count = min(count &+ 1, size)
        return oldest
    }
}
