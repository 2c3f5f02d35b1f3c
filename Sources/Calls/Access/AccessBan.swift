internal import Authentication
internal import BrowserAPI
internal import EventLoop
internal import Foundation
public import JSON
internal import Logging

/// An address, or a user at an address, whose credentials are not looked at for a while, as operators are told of it.
public struct AccessBan: Sendable, Equatable {
    /// Where the wrong credentials came in.
    enum Door: String, Sendable {
        case sip
        /// The browser API, and HTTP.
        case api
    }

    /// An address of IPv4, or the first 64 bits of one of IPv6.
    let address: String
    /// The user who is banned there; nil where all are.
    let user: String?
    /// UTC, in whole seconds (RFC 3339).
    let until: String
    let reason: String
    let door: Door

    init(_ ban: FailureLimiter.Ban, _ door: Door, now: ContinuousClock.Instant = .now) {
        (address, user) = (ban.source, ban.user)
        let place = door == .sip ? "over SIP" : "in the browser API"
        reason = "\(ban.failures) wrong credentials \(ban.user == nil ? "of many users " : "")\(place) within a minute"
        until = Date(timeIntervalSinceNow: now.duration(to: ban.until) / .seconds(1)).formatted(.iso8601)
        self.door = door
    }

    var metadata: Logger.Metadata {
        var fields: Logger.Metadata = ["address": "\(address)", "until": "\(until)", "reason": "\(reason)"]
        fields["user"] = user.map { "\($0)" }
        return fields
    }

    /// As `list_bans` has it.
    public var json: JSONValue {
        var fields: [String: JSONValue] = [
            "address": .string(address), "until": .string(until), "reason": .string(reason), "door": .string(door.rawValue),
        ]
        fields["user"] = user.map(JSONValue.string)
        return .object(fields)
    }
}

extension Switchboard {
    /// Bans that are told of each door.
    private static let mostBans = 500

    /// What is banned at the moment, over SIP and in the browser API; 500 of each at most.
    public var bans: [AccessBan] {
        authenticator.bans.prefix(Switchboard.mostBans).map { AccessBan($0, .sip) } + (api?.bans ?? []).prefix(Switchboard.mostBans).map { AccessBan($0, .api) }
    }

    /// How much is banned, over SIP and in the browser API.
    public var banCounts: (sip: Int, api: Int) { (authenticator.banCount, api?.bans.count ?? 0) }

    /// Lifts bans before their time.
    ///
    /// - Parameters:
    ///   - address: Any address in what is banned; nil for all.
    ///   - user: One user's there; nil for all of the address.
    /// - Returns: What was banned.
    public func liftBans(address: String?, user: String?) -> [AccessBan] {
        let lifted = authenticator.lift(address: address, user: user).map { AccessBan($0, .sip) }
            + (api?.liftBans(address: address, user: user) ?? []).map { AccessBan($0, .api) }
        for ban in lifted {
            log.notice("a ban is lifted", metadata: ban.metadata)
            tell("lifted", ban)
        }
        return lifted
    }

    /// Has each new ban logged and told to admins.
    func watchBans() {
        authenticator.onBan = { [weak self] in self?.banned(AccessBan($0, .sip)) }
        authenticator.isRegistered = { [weak self] user, address in
            self?.registrar?.bindings(of: user).contains { FailureLimiter.isSame($0.received, address) } ?? false
        }
    }

    func banned(_ ban: AccessBan) {
        log.warning("an address is banned", metadata: ban.metadata)
        tell("banned", ban)
    }

    private func tell(_ type: String, _ ban: AccessBan) {
        api?.publish(BrowserEvent(class: "admin", subclass: "ban", type: type, objID: ban.address, body: ban.json), owners: [])
    }
}
