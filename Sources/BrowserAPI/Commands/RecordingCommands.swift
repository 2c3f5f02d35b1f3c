/// `list_recordings`: the recorded calls of the client's user, for an admin everybody's, the latest first.
public struct ListRecordings: Sendable, Equatable {
    public var limit: Int

    public init(limit: Int = 50) { self.limit = limit }
}

/// `get_recording`: an address for the download of a recording.
public struct GetRecording: Sendable, Equatable {
    public var callID: String
    /// The recording's name, as in `list_recordings`.
    public var file: String

    public init(callID: String, file: String) {
        self.callID = callID
        self.file = file
    }
}

extension ListRecordings {
    init(_ fields: Fields) throws(APIError) { self.init(limit: try fields.optionalInteger("limit", in: 1...200) ?? 50) }
}

extension GetRecording {
    init(_ fields: Fields) throws(APIError) {
        self.init(callID: try fields.callID(), file: try fields.text("file", bytes: 1...64))
    }
}
