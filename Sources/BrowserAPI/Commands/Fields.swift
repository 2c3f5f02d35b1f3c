public import JSON
internal import ProxyCore

/// The members of one object of a request, read by name and type; each error names the field.
///
/// `null` counts as absent, and what nobody asks for is ignored.
public struct Fields {
    private let members: [String: JSONValue]
    /// What goes before a field's name in an error: `offer.` for what is within `offer`.
    private let prefix: String

    public init(_ members: [String: JSONValue], prefix: String = "") {
        self.members = members
        self.prefix = prefix
    }

    /// The name of a field as an error gives it.
    func name(_ field: String) -> String { prefix + field }

    private func value(_ field: String) -> JSONValue? {
        guard let value = members[field], value != .null else { return nil }
        return value
    }

    // MARK: Text

    /// - Parameters:
    ///   - bytes: The lengths that are allowed, in bytes of UTF-8.
    ///   - multiline: Whether control characters may be in it, as SDP's line ends are.
    public func optionalText(_ field: String, bytes: ClosedRange<Int>, multiline: Bool = false) throws(APIError) -> String? {
        guard let value = value(field) else { return nil }
        guard let text = value.stringValue else { throw APIError.invalid(name(field), "a string") }
        guard bytes.contains(text.utf8.count) else {
            throw APIError.invalid(name(field), "\(bytes.lowerBound) to \(bytes.upperBound) bytes long")
        }
        // What is one line here becomes part of one line of SIP or SDP: it must not begin another.
        guard multiline || !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw APIError.invalid(name(field), "free of control characters")
        }
        return text
    }

    public func text(_ field: String, bytes: ClosedRange<Int>, multiline: Bool = false) throws(APIError) -> String {
        guard let text = try optionalText(field, bytes: bytes, multiline: multiline) else {
            throw APIError.missing(name(field))
        }
        return text
    }

    // MARK: Flags, numbers, choices

    public func optionalFlag(_ field: String) throws(APIError) -> Bool? {
        guard let value = value(field) else { return nil }
        guard let flag = value.boolValue else { throw APIError.invalid(name(field), "true or false") }
        return flag
    }

    public func optionalInteger(_ field: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let value = value(field) else { return nil }
        guard let number = value.intValue, range.contains(number) else {
            throw APIError.invalid(name(field), "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func optionalChoice<Choice: RawRepresentable<String> & CaseIterable>(
        _ field: String
    ) throws(APIError) -> Choice? {
        guard let value = value(field) else { return nil }
        guard let text = value.stringValue, let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
            throw APIError.invalid(name(field), choices)
        }
        return choice
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ field: String) throws(APIError) -> Choice {
        guard let choice: Choice = try optionalChoice(field) else { throw APIError.missing(name(field)) }
        return choice
    }

    // MARK: Objects

    /// - Parameter prefix: Put before the names of its fields in errors; by default the name of the object.
    func optionalObject(_ field: String, prefix: String? = nil) throws(APIError) -> Fields? {
        guard let value = value(field) else { return nil }
        guard let members = value.objectValue else { throw APIError.invalid(name(field), "an object") }
        return Fields(members, prefix: prefix ?? name(field) + ".")
    }

    func object(_ field: String) throws(APIError) -> Fields {
        guard let object = try optionalObject(field) else { throw APIError.missing(name(field)) }
        return object
    }
}

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

extension SessionOptionsChange {
    init(_ fields: Fields) throws(APIError) {
        self.init(
            useAudio: try fields.optionalFlag("use_audio"), useVideo: try fields.optionalFlag("use_video"),
            bitrate: try fields.optionalInteger("bitrate", in: 0...100_000), record: try fields.optionalFlag("record"))
    }
}
