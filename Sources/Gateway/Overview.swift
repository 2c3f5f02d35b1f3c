internal import BrowserAPI
internal import Calls
internal import Diagnosis
internal import EventLoop
internal import Glibc
internal import JSON
internal import Media
internal import Registrar
internal import Routing

// How `get_overview` writes what there is; docs/browser-api.md has the fields.

enum Overview {
    /// A list with at most `limit` entries, and how many there are.
    static func list<Element>(_ all: [Element], _ limit: Int, _ json: (Element) -> JSONValue) -> JSONValue {
        ["count": .integer(all.count), "list": .array(all.prefix(limit).map(json))]
    }

    /// Seconds since 1970.
    static var unixTime: Double {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
    }

    static func seconds(_ duration: Duration) -> JSONValue { .real((duration / .milliseconds(1)).rounded() / 1_000) }

    static func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }

    static func rounded(_ value: Double?, _ parts: Double) -> JSONValue { value.map { .real(($0 * parts).rounded() / parts) } ?? .null }
}

extension CallSnapshot {
    var json: JSONValue {
        var fields: [String: JSONValue] = [
            "call_id": .string(id), "session_id": .string(sessionID), "caller": .string(caller), "caller_name": Overview.text(callerName),
            "caller_kind": .string(callerKind), "source": .string(source), "dialled": .string(dialled),
            "callees": .array(callees.map(JSONValue.string)), "state": .string(state.rawValue), "age": Overview.seconds(age),
            "trunk": Overview.text(trunk),
            "codecs": .object(Dictionary(uniqueKeysWithValues: codecs.map { ($0.key.rawValue, .object($0.value.mapValues(JSONValue.string))) })),
        ]
        fields["answered_for"] = answeredFor.map(Overview.seconds) ?? .null
        fields["quality"] = quality?.json ?? .null
        return .object(fields)
    }
}

extension SessionQuality {
    var json: JSONValue {
        ["mos": Overview.rounded(score, 100), "loss": Overview.rounded(loss, 10_000), "jitter": jitter.map(JSONValue.integer) ?? .null]
    }
}

extension CallRates.Counts {
    var json: JSONValue { ["started": .integer(started), "answered": .integer(answered), "failed": .integer(failed)] }
}

extension Binding {
    func json(now: ContinuousClock.Instant) -> JSONValue {
        [
            "user": .string(user), "contact": .string("\(contact)"), "received": .string(received), "user_agent": Overview.text(userAgent),
            "expires_in": .integer(remainingSeconds(at: now)),
        ]
    }
}

extension TrunkSnapshot {
    var json: JSONValue {
        [
            "name": .string(name), "state": .string(state.description), "up": .bool(state.isUp), "calls": .integer(calls),
            "maximum_calls": maximumCalls.map(JSONValue.integer) ?? .null,
            "targets": .array(targets.map { ["uri": .string($0.uri), "state": .string($0.state)] }),
        ]
    }
}

extension MediaBackend.Server {
    var json: JSONValue {
        [
            "name": .string(name), "url": .string(url), "state": .string(state), "reason": Overview.text(reason), "handles": .integer(handles),
            "draining": .bool(isDraining), "restarts_when_empty": .bool(restartsWhenEmpty), "slow": .bool(isSlow),
            "answer_time": answerTime.map(Overview.seconds) ?? .null, "cores": Overview.rounded(cores, 1_000),
            "pid": pid.map { .integer(Int($0)) } ?? .null,
        ]
    }
}

extension BrowserClient {
    var json: JSONValue {
        [
            "connection_id": .string(id), "user": .string(user.name), "admin": .bool(user.isAdmin), "address": .string(remoteAddress),
            "connected": .bool(isConnected),
        ]
    }
}
