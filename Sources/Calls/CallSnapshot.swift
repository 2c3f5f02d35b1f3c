internal import BrowserAPI
public import EventLoop
public import Media
public import ProxyCore
internal import Routing

/// A call that lives, as operators see it.
public struct CallSnapshot: Sendable {
    public enum State: String, Sendable {
        /// Nobody rings yet.
        case settingUp = "setting_up"
        case ringing, answered
    }

    public let id: String
    public let sessionID: String
    /// `browser`, `phone` or `trunk`.
    public let callerKind: String
    /// The caller's user or number.
    public let caller: String
    public let callerName: String?
    /// What is proven of the caller: `user alice`, `trunk berlin` or `anonymous`.
    public let source: String
    public let dialled: String
    /// The party that has the call; before the answer, those that ring. Users, or URIs that an INVITE went to; at most ``maximumCallees``.
    public let callees: [String]
    public let state: State
    /// Since the call began.
    public let age: Duration
    /// Since the answer; nil before it.
    public let answeredFor: Duration?
    /// The trunk that the call goes out by, else the one that it came by.
    public let trunk: String?
    /// The codec of each medium that a side has agreed on, as `rtpmap` names it.
    public let codecs: [SessionSide: [String: String]]
    /// The worst of its sides, at most some seconds old; nil where it is not known.
    public let quality: SessionQuality?

    /// Ringing parties that are told of one call.
    public static let maximumCallees = 8
}

extension Switchboard {
    /// The calls that live, the newest first, at most `limit` of them.
    public func snapshots(limit: Int) -> [CallSnapshot] {
        let newest = calls.values.sorted { $0.started > $1.started }.prefix(max(0, limit))
        let measured = qualities.look { [weak self] in
            self?.calls.values.filter(\.isEstablished).map(\.session) ?? []
        }
        return newest.map { $0.snapshot(quality: measured[$0.session.id]) }
    }

    /// Ends a call for an operator.
    ///
    /// - Returns: Whether there was such a call.
    public func hangUp(_ id: String) -> Bool {
        guard let call = calls[id] else { return false }
        call.handle(.terminate(.byOperator))
        return true
    }
}

extension CallEnd {
    /// An operator has ended it.
    static let byOperator = CallEnd(status: 480, reason: "Ended by an operator", by: .gateway)
}

extension CallController {
    func snapshot(quality: SessionQuality?) -> CallSnapshot {
        let incoming: String? = if case .trunk(let name) = origin.source { name } else { nil }
        return CallSnapshot(
            id: id, sessionID: session.id, callerKind: CallReport.kind(of: origin, isBrowser: caller is any BrowserLeg),
            caller: origin.user, callerName: origin.displayName, source: "\(origin.source)", dialled: context?.dialled ?? "",
            callees: calledParties, state: isEstablished ? .answered : ringing.isEmpty ? .settingUp : .ringing,
            age: times.began.duration(to: .now), answeredFor: times.answered.map { $0.duration(to: .now) },
            trunk: outgoingTrunk ?? incoming, codecs: codecs, quality: quality)
    }

    /// The legs that have the call, or ring.
    private var calledLegs: [any CalleeLeg] {
        let legs = taker.map { [$0] } ?? ringing.sorted()
        return legs.prefix(CallSnapshot.maximumCallees).compactMap { callees[$0] }
    }

    private var calledParties: [String] { calledLegs.map { ($0 as? SIPCalleeLeg)?.target?.uri ?? $0.origin.user } }

    private var outgoingTrunk: String? { calledLegs.lazy.compactMap { ($0 as? SIPCalleeLeg)?.target?.trunk }.first }

    private var codecs: [SessionSide: [String: String]] {
        var codecs: [SessionSide: [String: String]] = [:]
        for side in SessionSide.allCases {
            for medium in session.agreedMedia(of: side) { codecs[side, default: [:]]["\(medium.kind)"] = medium.codec.rawValue }
        }
        return codecs
    }
}
