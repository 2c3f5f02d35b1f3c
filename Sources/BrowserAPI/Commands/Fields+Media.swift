internal import ProxyCore

extension Fields {
    /// Longest id that is looked at; what is not a lower-case UUID is simply an id that nothing has.
    private static let idBytes = 0...128

    func optionalSessionID(_ field: String = "session_id") throws(APIError) -> String? {
        guard let id = try optionalText(field, bytes: Fields.idBytes) else { return nil }
        guard BrowserID.isValid(id) else { throw APIError.unknownSession(field: name(field)) }
        return id
    }

    func sessionID(_ field: String = "session_id") throws(APIError) -> String {
        guard let id = try optionalSessionID(field) else { throw APIError.missing(name(field)) }
        return id
    }

    func optionalCallID(_ field: String = "call_id") throws(APIError) -> String? {
        guard let id = try optionalText(field, bytes: Fields.idBytes) else { return nil }
        guard BrowserID.isValid(id) else { throw APIError.unknownCall(field: name(field)) }
        return id
    }

    func callID(_ field: String = "call_id") throws(APIError) -> String {
        guard let id = try optionalCallID(field) else { throw APIError.missing(name(field)) }
        return id
    }

    func optionalDescription(_ field: String) throws(APIError) -> MediaDescriptionObject? {
        guard let fields = try optionalObject(field) else { return nil }
        return try MediaDescriptionObject(fields)
    }
}

extension MediaDescriptionObject {
    init(_ fields: Fields) throws(APIError) {
        self.init(
            sdp: try fields.text("sdp", bytes: 1...65_536, multiline: true),
            sdpType: try fields.optionalChoice("sdp_type") ?? .webrtc,
            trickleICE: try fields.optionalFlag("trickle_ice") ?? false,
            callerID: try fields.optionalText("caller_id", bytes: 0...256),
            callerName: try fields.optionalText("caller_name", bytes: 0...256),
            calleeID: try fields.optionalText("callee_id", bytes: 0...256),
            calleeName: try fields.optionalText("callee_name", bytes: 0...256),
            dest: try fields.optionalText("dest", bytes: 0...1_024))
    }
}

extension SessionOptionsChange {
    init(_ fields: Fields) throws(APIError) {
        self.init(
            useAudio: try fields.optionalFlag("use_audio"), useVideo: try fields.optionalFlag("use_video"),
            bitrate: try fields.optionalInteger("bitrate", in: 0...100_000), record: try fields.optionalFlag("record"))
    }
}
