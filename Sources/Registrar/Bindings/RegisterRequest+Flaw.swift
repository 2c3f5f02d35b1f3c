extension RegisterRequest {
    /// What makes the request invalid in itself, as a phrase for a 400; nil when nothing does.
    func flaw(_ limits: RegistrarLimits) -> String? {
        if isWildcard, !contacts.isEmpty || expires != 0 { return "Contact * Goes Alone And With Expires 0" }
        guard isText(user, limits.textLength), isText(callID, limits.textLength), isText(flow, limits.textLength) else {
            return "Call-ID Too Long"
        }
        guard path.count <= limits.pathLength, path.allSatisfy({ isText($0, limits.uriLength) }) else { return "Path Too Long" }
        for contact in contacts {
            guard isText(contact.uri, limits.uriLength) else { return "Contact Too Long" }
            if let instance = contact.instance, !isText(instance, limits.textLength) { return "Instance Too Long" }
            if let q = contact.q, !(0...1_000).contains(q) { return "Contact With A Wrong q" }
        }
        return nil
    }

    /// Not empty, no longer than `length` bytes, without control characters.
    private func isText(_ text: String, _ length: Int) -> Bool {
        let bytes = text.utf8
        return (1...length).contains(bytes.count) && bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}
