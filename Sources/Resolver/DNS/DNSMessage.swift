internal import CAres
internal import SIPNames

/// The answers in a response of a name server (RFC 1035 section 4.1), as Glibc's parser reads it.
enum DNSMessage {
    /// Records of the answer section that are looked at.
    private static let maximumAnswers = 256
    /// CNAMEs from the name that was asked for to the one that has the records.
    private static let maximumAliases = 8

    /// Reads what `bytes` says about `question`: its records, those behind CNAMEs included, and the shortest lifetime on the way.
    ///
    /// Throws ``ResolverError/malformedAnswer``. A record whose content is broken is left out.
    static func answer(in bytes: [UInt8], to question: DNSQuestion) throws(ResolverError) -> DNSAnswer {
        guard let answers = bytes.withUnsafeBufferPointer({ read($0, question) }), let answer = select(answers, of: question) else {
            throw .malformedAnswer
        }
        return answer
    }

    private enum Content {
        case alias(DNSName)
        case record(DNSRecord)
    }

    private struct Answer {
        let owner: DNSName
        let lifetime: Duration
        let content: Content
    }

    /// Nil unless it is a response to a standard query, which asked this one question.
    private static func read(_ bytes: UnsafeBufferPointer<UInt8>, _ question: DNSQuestion) -> [Answer]? {
        var message = ns_msg(), record = ns_rr()
        guard ns_initparse(bytes.baseAddress, Int32(clamping: bytes.count), &message) == 0,
            message._flags & 0xF800 == 0x8000, message._counts.0 == 1, ns_parserr(&message, ns_s_qd, 0, &record) == 0,
            record.owner == question.name, record.type == question.type.rawValue, record.rr_class == internetClass
        else { return nil }
        var answers: [Answer] = []
        for index in 0..<min(Int(message._counts.1), maximumAnswers) {
            guard ns_parserr(&message, ns_s_an, Int32(index), &record) == 0 else { return nil }
            guard let owner = record.owner, record.rr_class == internetClass, let content = content(of: record, in: bytes, question.type) else { continue }
            // RFC 2181 section 8: with the top bit set it counts as 0.
            answers.append(Answer(owner: owner, lifetime: .seconds(record.ttl > 0x7FFF_FFFF ? 0 : Int(record.ttl)), content: content))
        }
        return answers
    }

    private static let internetClass: UInt16 = 1

    /// Nil for a record of another type, and for one that is broken.
    private static func content(of record: ns_rr, in message: UnsafeBufferPointer<UInt8>, _ type: DNSRecordType) -> Content? {
        var content = DNSContent(of: record, in: message)
        if Int(record.type) == Int(ns_t_cname.rawValue) { return content.lastName().map(Content.alias) }
        guard record.type == type.rawValue else { return nil }
        switch type {
        case .a, .aaaa:
            guard content.bytes.count == (type == .a ? 4 : 16) else { return nil }
            return IPAddress(bytes: content.bytes).map { .record(.address($0)) }
        case .srv:
            guard let priority = content.number(), let weight = content.number(), let port = content.number(), let target = content.lastName() else {
                return nil
            }
            return .record(.service(ServiceRecord(priority: priority, weight: weight, port: port, target: target)))
        case .naptr:
            guard let order = content.number(), let preference = content.number(), let flags = content.text(), let service = content.text(),
                let expression = content.text(), let replacement = content.lastName()
            else { return nil }
            return .record(
                .pointer(
                    PointerRecord(
                        order: order, preference: preference, flags: flags, service: service,
                        hasExpression: !expression.isEmpty, replacement: replacement)))
        }
    }

    /// Follows the aliases from the name that was asked for. Nil for too many, or a circle.
    private static func select(_ answers: [Answer], of question: DNSQuestion) -> DNSAnswer? {
        var name = question.name
        var lifetime = Duration.seconds(Int64.max)
        for _ in 0...maximumAliases {
            var records: [DNSRecord] = []
            var alias: DNSName?
            for answer in answers where answer.owner == name {
                lifetime = min(lifetime, answer.lifetime)
                switch answer.content {
                case .record(let record): if !records.contains(record) { records.append(record) }
                case .alias(let target): alias = alias ?? target
                }
            }
            guard records.isEmpty, let alias else {
                let kept = Array(records.prefix(DNSAnswer.maximumRecords))
                return kept.isEmpty ? DNSAnswer.none : DNSAnswer(records: kept, lifetime: lifetime)
            }
            name = alias
        }
        return nil
    }
}

/// What a record holds (RDATA), read from its beginning on.
private struct DNSContent {
    private let message: UnsafeBufferPointer<UInt8>
    /// What is not read yet.
    private(set) var bytes: Slice<UnsafeBufferPointer<UInt8>>

    /// Glibc has seen to it that the content is in the message.
    init(of record: ns_rr, in message: UnsafeBufferPointer<UInt8>) {
        self.message = message
        let start = message.baseAddress.flatMap { start in record.rdata.map { start.distance(to: $0) } } ?? 0
        bytes = message.dropFirst(start).prefix(Int(record.rdlength))
    }

    /// 16 bits in network order.
    mutating func number() -> Int? {
        guard bytes.count >= 2, let high = bytes.popFirst(), let low = bytes.popFirst() else { return nil }
        return Int(high) << 8 | Int(low)
    }

    /// A character string (RFC 1035 section 3.3): a length and as many bytes.
    mutating func text() -> String? {
        guard let length = bytes.popFirst(), bytes.count >= length else { return nil }
        defer { bytes = bytes.dropFirst(Int(length)) }
        return String(decoding: bytes.prefix(Int(length)), as: UTF8.self)
    }

    /// A name, its pointers followed, that ends where the content does; nil for one with characters that no name of ours has.
    func lastName() -> DNSName? {
        guard let start = message.baseAddress, !bytes.isEmpty else { return nil }
        var text = [CChar](repeating: 0, count: Int(NS_MAXDNAME))
        let length = dn_expand(start, start + message.count, start + bytes.startIndex, &text, Int32(text.count))
        guard Int(length) == bytes.count else { return nil }
        return text.withUnsafeBytes { DNSName(expanded: $0) }
    }
}

extension ns_rr {
    /// Nil for a name with characters that no name of ours has.
    fileprivate var owner: DNSName? { withUnsafeBytes(of: name) { DNSName(expanded: $0) } }
}

extension DNSName {
    /// From Glibc's text of a name: the root is empty, and what needs a backslash is no name of ours.
    fileprivate init?(expanded text: UnsafeRawBufferPointer) {
        let name = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
        self.init(name.isEmpty ? "." : name)
    }
}
