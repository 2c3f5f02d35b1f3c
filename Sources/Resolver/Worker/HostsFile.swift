internal import SIPNames

/// The names of an `/etc/hosts`, which need no name server.
struct HostsFile {
    static let maximumSize = 1_048_576
    /// They are read again when the file changes, so an answer is kept for a moment only.
    private static let lifetime = Duration.seconds(30)

    private var addresses: [DNSName: [IPAddress]] = [:]

    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }
            guard let first = words.first, let address = IPAddress(String(first)) else { continue }
            for word in words.dropFirst() {
                guard let name = DNSName(String(word)) else { continue }
                let known = addresses[name] ?? []
                guard known.count < DNSAnswer.maximumRecords, !known.contains(address) else { continue }
                addresses[name] = known + [address]
            }
        }
    }

    /// Nil for a name that is not there, and for what a hosts file does not say. A name that is there has no other addresses.
    func answer(to question: DNSQuestion) -> DNSAnswer? {
        guard question.type == .a || question.type == .aaaa, let known = addresses[question.name] else { return nil }
        let fitting = known.filter { DNSRecordType($0.family) == question.type }
        return DNSAnswer(records: fitting.map(DNSRecord.address), lifetime: HostsFile.lifetime)
    }
}
