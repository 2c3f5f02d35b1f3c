internal import Janus
internal import JSON

extension MediumStatistics {
    /// Those of the phone behind a NoSIP handle, from what the handle has counted at its other end. RTCP there is the other
    /// end's, and says nothing about the phone.
    var ofPhone: MediumStatistics {
        func plain(_ flow: Flow) -> Flow { Flow(packets: flow.packets, bytes: flow.bytes) }
        return MediumStatistics(received: plain(sent), sent: plain(received))
    }

    /// As `get_info` tells it.
    var json: JSONValue { ["received": received.json, "sent": sent.json] }
}

extension MediumStatistics.Flow {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = ["packets": .integer(packets), "bytes": .integer(bytes)]
        members["lost"] = lost.map(JSONValue.integer)
        members["jitter"] = jitter.map(JSONValue.integer)
        return .object(members)
    }
}
