internal import Janus
internal import JSON

extension EngineStatistics {
    /// By kind, as `get_info` tells it.
    var json: [String: JSONValue] {
        var media: [String: JSONValue] = [:]
        for kind in JanusMediaKind.allCases { media[kind.rawValue] = self[kind]?.json }
        return media
    }
}

extension EngineStatistics.Medium {
    fileprivate var json: JSONValue { ["received": received.json, "sent": sent.json] }
}

extension EngineStatistics.Flow {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = ["packets": .integer(packets), "bytes": .integer(bytes)]
        members["lost"] = lost.map(JSONValue.integer)
        members["jitter"] = jitter.map(JSONValue.integer)
        members["round_trip"] = roundTrip.map(JSONValue.integer)
        return .object(members)
    }
}
