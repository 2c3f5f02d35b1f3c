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

extension TagList {
    /// The headers of a response that the core gives, sent with `status`.
    mutating func add(_ response: SIPResponse, status: Int, agent: String) {
        if let warning = response.warning {
            add(tern_siptag_warning_str(), HeaderText.warning(warning, agent: agent))
        }
        if let seconds = response.retryAfter {
            add(tern_siptag_retry_after_str(), "\(max(0, seconds))")
        }
        if let reason = response.reason {
            add(tern_siptag_reason_str(), HeaderText.reason(reason))
        }
        if (300..<400).contains(status) {
            for uri in response.contacts.prefix(8) where SIPTarget.isHarmless(uri) { add(tern_siptag_contact_str(), "<\(uri)>") }
        }
        if status == 415 {
            add(tern_siptag_accept_str(), SIPStack.acceptedBodies)
        }
        add(headers: response.headers)
    }

    /// Header fields that the core wants added: tokens for names, none that the endpoint writes itself, at most 64.
    mutating func add(headers: [(name: String, value: String)]) {
        for header in headers.prefix(64) where TagList.isFree(header.name) {
            add(tern_siptag_header_str(), "\(header.name): \(HeaderText.line(header.value, limit: 4_096))")
        }
    }

    private static func isFree(_ name: String) -> Bool {
        let taken = [
            "via", "v", "from", "f", "to", "t", "call-id", "i", "cseq", "contact", "m", "max-forwards", "route",
            "record-route", "content-type", "c", "content-length", "l", "content-encoding", "e", "session-expires", "x",
            "min-se", "supported", "k", "require", "allow",
        ]
        return HeaderText.isToken(name) && !taken.contains(name.lowercased())
    }
}
