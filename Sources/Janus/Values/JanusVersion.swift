internal import JSON

/// The version of a Janus.
struct JanusVersion: Equatable {
    /// As Janus writes it: 1102 for 1.1.2.
    var number: Int
    var text: String

    /// From the reply to `info`.
    init?(_ info: JSONValue) {
        guard let number = info["version"]?.intValue, let text = info["version_string"]?.stringValue else { return nil }
        self.number = number
        self.text = text
    }

    /// Its `JANUS_PLUGIN_API_VERSION`; `nil` for a Janus later than 1.4.1.
    ///
    /// Janus itself skips a plugin that was built for an older API. It loads one that was built for a newer API, whose structures are larger than its own.
    var pluginAPI: Int? {
        switch number {
        case ..<1_004: 101
        case ..<1_201: 102
        case 1_201: 103
        case 1_202: 104
        case ..<1_301: 105
        case ...1_401: 106
        default: nil
        }
    }
}
