internal import FoundationEssentials

extension CallRecord {
    /// The record as JSON on one line, its members in the order of their names.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Numbers that are none, which alone cannot be encoded, are not in a record.
        guard let data = try? encoder.encode(self) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    /// Nil for a text that is no record.
    public init?(json: String) {
        guard let record = try? JSONDecoder().decode(CallRecord.self, from: Data(json.utf8)) else { return nil }
        self = record
    }
}
