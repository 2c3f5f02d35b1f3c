internal import Authentication
internal import BrowserAPI
internal import Foundation
public import JSON
internal import Logging

/// An address whose credentials are not looked at for a while, as operators are told of it.
public struct AddressShutOut: Sendable, Equatable {
    /// An address of IPv4, or the first 64 bits of one of IPv6.
    let address: String
    /// UTC, in whole seconds (RFC 3339).
    let until: String
    let reason: String
    /// The name in the last credentials; nil where there was none.
    let user: String?

    init(_ shutOut: FailureLimiter.ShutOut, now: ContinuousClock.Instant) {
        address = shutOut.source
        until = AddressShutOut.time(now.duration(to: shutOut.until))
        reason = "\(shutOut.failures) wrong credentials over SIP within a minute"
        user = shutOut.user
    }

    init(_ shutOut: LoginShutOut) {
        address = shutOut.address
        until = AddressShutOut.time(ContinuousClock.now.duration(to: shutOut.until))
        reason = "\(shutOut.failures) wrong passwords of this user in the browser API within a minute"
        user = shutOut.user
    }

    private static func time(_ after: Duration) -> String {
        Date(timeIntervalSinceNow: after / .seconds(1)).formatted(.iso8601)
    }

    var metadata: Logger.Metadata {
        var fields: Logger.Metadata = ["address": "\(address)", "until": "\(until)", "reason": "\(reason)"]
        fields["user"] = user.map { "\($0)" }
        return fields
    }

    /// As `GET /status` has it.
    public var json: JSONValue {
        var fields: [String: JSONValue] = ["address": .string(address), "until": .string(until), "reason": .string(reason)]
        fields["user"] = user.map(JSONValue.string)
        return .object(fields)
    }
}

extension Switchboard {
    /// The addresses that are shut out, over SIP and in the browser API, a hundred of each at most.
    public var shutOuts: [AddressShutOut] {
        authenticator.shutOuts.prefix(100) + (api?.shutOuts ?? []).prefix(100).map { AddressShutOut($0) }
    }

    /// How many addresses are shut out, over SIP and in the browser API.
    public var shutOutCounts: (sip: Int, api: Int) { (authenticator.shutOutCount, api?.shutOuts.count ?? 0) }
}
