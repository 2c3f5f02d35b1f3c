import SDP

/// An ICE candidate that trickles in from a browser (RFC 8839, RFC 8840).
public struct TrickledCandidate: Sendable, Equatable {
    public let mid: String?
    public let mediaLineIndex: Int?
    /// The text of the `candidate` attribute; nil says that no more will come.
    public let candidate: String?

    public init(mid: String?, mediaLineIndex: Int?, candidate: String?) {
        self.mid = mid
        self.mediaLineIndex = mediaLineIndex
        self.candidate = candidate
    }
}

extension TrickledCandidate {
    /// The end of candidates.
    private static let end = TrickledCandidate(mid: nil, mediaLineIndex: nil, candidate: nil)

    /// The most bytes of a name that Janus takes, which are those that RTP has room for (RFC 9143, section 15.1).
    private static let longestMid = 16

    /// This as Janus may have it, in the form of RFC 8839; nil where it can make no use of it, as of a name of the browser's own network.
    ///
    /// - Throws: `malformedCandidate`.
    public func readableForJanus() throws(NegotiationError) -> TrickledCandidate? {
        guard var text = candidate.map({ Substring($0) }) else { return .end }
        if text.hasPrefix("a=") { text = text.dropFirst(2) }
        // An empty one is how browsers say it.
        if text.isEmpty || text == "end-of-candidates" { return .end }
        if text.hasPrefix("candidate:") { text = text.dropFirst("candidate:".count) }
        guard text.utf8.count <= SDPLimits.standard.lineBytes, let candidate = Candidate(text) else { throw .malformedCandidate }
        let name = mid.flatMap { $0.utf8.count <= Self.longestMid && $0.utf8.allSatisfy { 0x21 ... 0x7E ~= $0 } ? $0 : nil }
        if let mediaLineIndex, !(0 ..< SDPLimits.standard.media ~= mediaLineIndex) { throw .malformedCandidate }
        guard name != nil || mediaLineIndex != nil else { throw .malformedCandidate }
        guard candidate.isReadableForJanus else { return nil }
        return TrickledCandidate(mid: name, mediaLineIndex: mediaLineIndex, candidate: "candidate:\(candidate.value)")
    }
}

/// The candidates of a session's browsers, within bounds; they wait until the handles are attached.
struct TrickledCandidates: Sendable {
    /// Candidates that are kept until the handles are attached; further ones are refused.
    static let maximumWaiting = 64
    /// Candidates of one description of a side; further ones are refused, as Janus would keep them all.
    static let maximum = 128

    private var isAttached = false
    private var waiting: [ProxySession.Action] = []
    /// Those that Janus has of each side's last description.
    private var counts: [SessionSide: Int] = [:]

    /// What to do about a candidate of that browser's (RFC 8838); nil where nothing is.
    mutating func receive(_ received: TrickledCandidate, from side: SessionSide) -> ProxySession.Action? {
        do throws(NegotiationError) {
            guard let candidate = try received.readableForJanus() else { return nil }
            guard counts[side, default: 0] < TrickledCandidates.maximum else { return .refuseCandidate(.state("too many candidates")) }
            counts[side, default: 0] += 1
            if isAttached { return .trickle(side, candidate) }
            guard waiting.count < TrickledCandidates.maximumWaiting else {
                return .refuseCandidate(.state("too many candidates before the session has started"))
            }
            waiting.append(.trickle(side, candidate))
            return nil
        } catch {
            return .refuseCandidate(.description(error))
        }
    }

    /// The handles are attached: what has waited goes to them.
    mutating func attached() -> [ProxySession.Action] {
        isAttached = true
        defer { waiting = [] }
        return waiting
    }

    /// The side has a new description, with candidates of its own.
    mutating func restart(of side: SessionSide) { counts[side] = nil }

    mutating func end() { waiting = [] }
}
