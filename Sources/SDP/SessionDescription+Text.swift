extension SessionDescription: CustomStringConvertible {
    /// The description as it is sent: lines in the order of RFC 8866, section 5, each ended by CRLF.
    public var text: String {
        var writer = LineWriter()
        writer.line("v", "0")
        writer.line("o", origin.value)
        writer.line("s", name)
        writer.line("i", information)
        writer.line("u", uri)
        for email in emails { writer.line("e", email) }
        for phone in phones { writer.line("p", phone) }
        writer.line("c", connection?.value)
        for bandwidth in bandwidths { writer.line("b", bandwidth.text) }
        for time in times {
            writer.line("t", "\(time.start) \(time.stop)")
            for repetition in time.repeats { writer.line("r", repetition) }
        }
        writer.line("z", timeZones)
        writer.line("k", key)
        for attribute in attributes { writer.attribute(attribute) }
        for medium in media { writer.medium(medium) }
        return writer.text
    }

    public var description: String { text }
}

/// Collects lines.
private struct LineWriter {
    var text = ""

    mutating func line(_ type: String, _ value: String?) {
        guard let value else { return }
        text += type
        text += "="
        text += value
        text += "\r\n"
    }

    mutating func attribute(_ attribute: Attribute) {
        text += "a="
        text += attribute.name
        if let value = attribute.value {
            text += ":"
            text += value
        }
        text += "\r\n"
    }

    mutating func medium(_ medium: MediaDescription) {
        line("m", medium.value)
        line("i", medium.information)
        line("c", medium.connection?.value)
        for bandwidth in medium.bandwidths { line("b", bandwidth.text) }
        line("k", medium.key)
        for item in medium.attributes { attribute(item) }
    }
}
