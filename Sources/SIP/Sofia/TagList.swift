internal import CSofiaSIP
internal import Glibc

/// A list of Sofia's tags, with the C strings that its values point to.
///
/// Sofia copies both when it gets them, so they need to live for the length of ``withTags(_:)`` only.
struct TagList: ~Copyable {
    private var tags: [tagi_t] = []
    private var strings: [UnsafeMutablePointer<CChar>] = []

    deinit {
        for string in strings { free(string) }
    }

    mutating func add(_ tag: tag_type_t?, _ value: Int) {
        tags.append(tagi_t(t_tag: tag, t_value: tag_value_t(value)))
    }

    mutating func add(_ tag: tag_type_t?, _ pointer: OpaquePointer?) {
        add(tag, Int(bitPattern: pointer))
    }

    /// A text ends at its first NUL.
    mutating func add(_ tag: tag_type_t?, _ text: String) {
        guard let copy = strdup(text) else { return }
        strings.append(copy)
        add(tag, Int(bitPattern: copy))
    }

    mutating func add(_ tag: tag_type_t?, ifPresent text: String?) {
        if let text { add(tag, text) }
    }

    /// A body and its type, where there is one.
    mutating func addBody(_ body: String?, type: String = "application/sdp") {
        guard let body, !body.isEmpty else { return }
        add(tern_siptag_content_type_str(), type)
        add(tern_siptag_payload_str(), body)
    }

    /// Runs `body` with the list, ended as Sofia wants it.
    consuming func withTags<Result>(_ body: (UnsafePointer<tagi_t>?) -> Result) -> Result {
        tags.append(tagi_t(t_tag: nil, t_value: 0))
        return tags.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
