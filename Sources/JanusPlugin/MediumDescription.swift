internal import RTP

/// One medium of the request `configure`.
struct MediumDescription {
    let medium: Medium
    let mindex: Int32
    let receives: Bool
    let sends: Bool
    let payloads: [PayloadDescription]
    /// Where the phone is; nil where nothing is known.
    let remote: MediaAddress?
    /// Where it takes RTCP; nil where it does not.
    let remoteRTCP: MediaAddress?
    let isMuxed: Bool
    let isHidden: Bool
    let feedback: Feedback
    /// The keys that we and the phone protect with; nil for RTP without SRTP.
    let localKey: SRTPKey?
    let remoteKey: SRTPKey?

    /// - Throws: 400 where a member is missing or malformed.
    init(_ fields: Fields) throws(RequestError) {
        guard let name = try fields.string("kind"), let medium = Medium(name: name) else {
            throw .malformed("\"kind\" of a medium is neither audio nor video.")
        }
        self.medium = medium
        mindex = Int32(truncatingIfNeeded: try fields.integer("mindex", in: 0...1_000) ?? 0)
        receives = try fields.boolean("receive") ?? false
        sends = try fields.boolean("send") ?? false
        payloads = try MediumDescription.payloads(fields)
        let remote = try fields.fields("remote")
        self.remote = try remote.flatMap { (remote) throws(RequestError) in try MediumDescription.address(remote) }
        isMuxed = try remote?.boolean("rtcp_mux") ?? false
        let port = try remote?.integer("rtcp_port", in: 0...65_535)
        remoteRTCP = self.remote.flatMap { address in
            // RFC 3605: the port after that of RTP, where nothing is said.
            let port = port.map { UInt16(truncatingIfNeeded: $0) } ?? (address.port == .max ? 0 : address.port &+ 1)
            return port == 0 ? nil : MediaAddress(high: address.high, low: address.low, port: port)
        }
        if let srtp = try fields.fields("srtp") {
            guard let name = try srtp.string("suite"), let suite = SRTPSuite(rawValue: name) else {
                throw .malformed("\"suite\" is no supported suite of SRTP.")
            }
            guard let local = try srtp.string("local"), let remote = try srtp.string("remote") else {
                throw .malformed("\"srtp\" has no local or remote key.")
            }
            localKey = try SRTPKey(suite, local)
            remoteKey = try SRTPKey(suite, remote)
        } else {
            localKey = nil
            remoteKey = nil
        }
        feedback = Feedback(try fields.strings("feedback", most: 32))
        isHidden = try remote?.boolean("hidden") ?? false
    }

    private static func payloads(_ fields: Fields) throws(RequestError) -> [PayloadDescription] {
        var payloads: [PayloadDescription] = []
        for element in try fields.elements("payloads", most: PayloadTable.size) {
            let payload = Fields(object: element)
            guard let type = try payload.integer("type", in: 0...127), let codec = try payload.string("codec", longest: 64),
                let clockRate = try payload.integer("clock", in: 1...10_000_000)
            else { throw .malformed("A payload has no type, codec or clock.") }
            payloads.append(
                PayloadDescription(
                    type: UInt8(truncatingIfNeeded: type), codec: codec, clockRate: UInt32(truncatingIfNeeded: clockRate),
                    format: try payload.string("fmtp") ?? ""))
        }
        return payloads
    }

    /// - Returns: Nil where the port is 0, or the address stands for none (RFC 3264 section 8.4).
    private static func address(_ remote: Fields) throws(RequestError) -> MediaAddress? {
        guard let text = try remote.string("address"), let port = try remote.integer("port", in: 0...65_535) else {
            throw .malformed("\"remote\" has no address or port.")
        }
        guard let address = MediaAddress(text: text, port: UInt16(truncatingIfNeeded: port)) else {
            throw .malformed("The address in \"remote\" is no IPv4 or IPv6 address.")
        }
        return port == 0 || address.isUnspecified ? nil : address
    }
}

/// The two kinds of media that a leg has, at most one of each.
enum Medium: Int, CaseIterable {
    case audio, video

    static let count = 2

    init?(name: String) {
        switch name {
        case "audio": self = .audio
        case "video": self = .video
        default: return nil
        }
    }

    /// Units of the clock in a second, until a payload type says.
    var clockRate: UInt32 { self == .audio ? 8_000 : 90_000 }

    /// How many packets late one may be.
    var longestDelay: UInt16 { self == .audio ? StreamStatistics.longestDelay : StreamStatistics.longestVideoDelay }

    var name: String { self == .audio ? "audio" : "video" }
}
