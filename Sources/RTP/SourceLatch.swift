/// From where the packets of a plain leg are taken, and where those for it are sent: symmetric RTP (RFC 4961), with guards.
///
/// A phone behind NAT sends from another address than SIP says. Its first packets show where it is; after that a stranger who guesses the
/// port must not be accepted, nor get what is meant for the phone. A stranger whose packets came first loses the latch to RTP from the signalled
/// address, and gets no packets while RTCP comes from there: of two relays that each hear a stranger, neither would send RTP to the other.
public struct SourceLatch: Equatable, Sendable {
    public enum Mode: Sendable {
        /// Follows the phone, within the rules of ``SourceLatch/take(from:isAuthentic:continues:now:)``.
        case follow
        /// Takes packets from the signalled address only.
        case fixed
    }

    /// What to do with a packet.
    public enum Verdict: Equatable, Sendable {
        case take
        /// Take it; packets for the phone go to its source from now on.
        case move
        case drop
    }

    /// How long nothing comes from the signalled address until another may be the phone's. Microseconds.
    public static let patience: Int64 = 1_000_000
    /// How long the phone's address is silent until another may take its place. Microseconds.
    public static let silence: Int64 = 3_000_000
    /// The same for one that goes on with the stream: a NAT has given the phone another port. Microseconds.
    public static let shortSilence: Int64 = 200_000
    /// How long a phone is sent its packets where it has shown that it is, unless it shows it again. Microseconds; RTCP comes every 7.5 seconds at least.
    public static let recall: Int64 = 10_000_000

    public let mode: Mode
    /// What SIP says; nil where it says nothing that can be sent to.
    public private(set) var signalled: MediaAddress?
    /// Whether SIP says that the phone is behind NAT: then nobody waits for the signalled address.
    private var isHidden: Bool
    /// The source that the latch has settled on: where the phone's packets come from.
    public private(set) var latched: MediaAddress?
    /// Until when the phone counts as being at the signalled address, although others are heard; nil where it does not.
    private var recalled: Int64?
    private var lastPacket: Int64 = 0
    private var begin: Int64

    /// - Parameters:
    ///   - isHidden: Whether the phone is known to be behind NAT.
    ///   - now: In microseconds of any clock that does not jump.
    public init(mode: Mode, signalled: MediaAddress?, isHidden: Bool, now: Int64) {
        self.mode = mode
        self.signalled = signalled
        self.isHidden = isHidden
        begin = now
    }

    /// Where to send; nil while nothing is known.
    public var destination: MediaAddress? { recalled == nil ? latched ?? signalled : signalled }

    /// The signalled address, while packets are taken from another.
    public var absent: MediaAddress? { latched == nil || latched == signalled ? nil : signalled }

    /// SIP says another address: the phone has to send from there anew. The same address changes nothing but whether it is hidden.
    public mutating func signal(_ address: MediaAddress?, isHidden: Bool, now: Int64) {
        guard address != signalled else {
            self.isHidden = isHidden
            return
        }
        self = SourceLatch(mode: mode, signalled: address, isHidden: isHidden, now: now)
    }

    /// Judges a packet.
    ///
    /// - Parameters:
    ///   - isAuthentic: Whether SRTP has proven that it is the phone's.
    ///   - continues: Whether its SSRC and number go on with the stream that came last.
    ///   - isExpected: Whether the phone is to send: the silence of one that is not, as on hold, lets nobody take its place.
    public mutating func take(
        from source: MediaAddress, isAuthentic: Bool, continues: Bool, isExpected: Bool = true, now: Int64
    ) -> Verdict {
        guard source == latched || isAuthentic || mayMove(to: source, continues: continues, isExpected: isExpected, now: now) else { return .drop }
        let former = destination
        latched = source
        lastPacket = now
        if let end = recalled, now >= end || source == signalled || isAuthentic { recalled = nil }
        // What is sent may go there already.
        return destination == former ? .take : .move
    }

    /// Somebody has reported from where SIP says (RTCP): where it is not whoever is heard, the phone is there. What it is sent goes there for a while;
    /// RTP from there is taken when it comes.
    ///
    /// - Parameter isHeard: Whether the reporter is the one that is heard.
    /// - Returns: Where packets for the phone go from now on, if they have gone elsewhere.
    public mutating func report(isHeard: Bool, now: Int64) -> MediaAddress? {
        guard absent != nil else { return nil }
        let former = destination
        recalled = isHeard ? nil : now &+ SourceLatch.recall
        return destination == former ? nil : destination
    }

    /// The port that the phone's packets go to is closed: if that is where a report has brought them, they go to where it is heard.
    ///
    /// - Returns: Where they go from now on, if they have gone elsewhere.
    public mutating func refuse() -> MediaAddress? {
        guard recalled != nil else { return nil }
        recalled = nil
        return destination
    }

    /// The phone is to send again: from now on its silence counts.
    public mutating func resume(now: Int64) {
        lastPacket = now
        begin = now
    }

    private func mayMove(to source: MediaAddress, continues: Bool, isExpected: Bool, now: Int64) -> Bool {
        if source == signalled { return true }
        guard mode == .follow, isExpected || latched == nil else { return false }
        guard latched != nil else { return isHidden(from: source) || now &- begin >= SourceLatch.patience }
        return now &- lastPacket >= (continues ? SourceLatch.shortSilence : SourceLatch.silence)
    }

    /// Whether the phone cannot be expected to come from where SIP says. A private address is a NAT's inside for others only: the host that has it
    /// is heard with that address itself.
    private func isHidden(from source: MediaAddress) -> Bool {
        guard let signalled else { return true }
        return isHidden || signalled.isPrivate && !signalled.isSameHost(as: source)
    }
}

/// Where RTP comes from, or goes to: an IP address and a port. IPv4 is held as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2).
public struct MediaAddress: Hashable, Sendable {
    /// The sixteen bytes of the address, the first one in the highest bits.
    public let high: UInt64
    public let low: UInt64
    public let port: UInt16

    @inlinable
    public init(high: UInt64, low: UInt64, port: UInt16) {
        self.high = high
        self.low = low
        self.port = port
    }

    /// - Parameter address: The first byte in the highest bits.
    @inlinable
    public init(v4 address: UInt32, port: UInt16) {
        self.init(high: 0, low: 0xffff_0000_0000 | UInt64(address), port: port)
    }

    /// The IPv4 address; nil for IPv6.
    @inlinable public var v4: UInt32? { high == 0 && low >> 32 == 0xffff ? UInt32(truncatingIfNeeded: low) : nil }

    /// Whether it is of the same host, whatever the port.
    @inlinable
    public func isSameHost(as other: MediaAddress) -> Bool { high == other.high && low == other.low }

    /// Whether hosts elsewhere cannot reach it as it stands: RFC 1918, 4193 and 6598, link-local, loopback, unspecified.
    public var isPrivate: Bool {
        if let v4 {
            let prefixes: (UInt32, UInt32) = (v4 >> 24, v4 >> 16)
            return prefixes.0 == 10 || prefixes.0 == 127 || prefixes.0 == 0 || prefixes.1 == 0xc0a8 || prefixes.1 == 0xa9fe
                || v4 >> 20 == 0xac1 || v4 >> 22 == 0x191
        }
        return high >> 57 == 0x7e || high >> 54 == 0x3fa || high == 0 && low <= 1
    }
}
