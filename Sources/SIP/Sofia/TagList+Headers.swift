internal import CSofiaSIP

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
