/// The answers in a response of a name server (RFC 1035 section 4.1).
enum DNSMessage {
    /// Records of the answer section that are looked at.
    private static let maximumAnswers = 256
    /// CNAMEs from the name that was asked for to the one that has the records.
    private static let maximumAliases = 8

    /// Reads what `bytes` says about `question`: its records, those behind CNAMEs included, and the shortest lifetime on the way.
    ///
    /// Throws ``ResolverError/malformedAnswer``. A record whose content is broken is left out.
    static func answer(in bytes: [UInt8], to question: DNSQuestion) throws(ResolverError) -> DNSAnswer {
        do throws(DNSMessageReader.Malformed) {
            return try select(read(bytes, question), of: question)
        } catch {
            throw .malformedAnswer
        }
    }

    private enum Content {
        case alias(DNSName)
        case record(DNSRecord)
    }

    private struct Answer {
        let owner: DNSName
        let lifetime: Int
        let content: Content
    }

    private static func read(_ bytes: [UInt8], _ question: DNSQuestion) throws(DNSMessageReader.Malformed) -> [Answer] {
        var reader = DNSMessageReader(bytes)
        _ = try reader.number16()
        let flags = try reader.number16()
        let questions = try reader.number16(), answers = try reader.number16()
        try reader.skip(to: 12)
        // A response to a standard query, which asked one question.
        guard flags & 0xF800 == 0x8000, questions == 1 else { throw DNSMessageReader.Malformed() }
        guard try reader.name() == question.name, try reader.number16() == Int(question.type.rawValue),
            try reader.number16() == internetClass
        else { throw DNSMessageReader.Malformed() }
        var found: [Answer] = []
        for _ in 0..<min(answers, maximumAnswers) {
            if let answer = try readAnswer(&reader, question) { found.append(answer) }
        }
        return found
    }

    private static let internetClass = 1
    private static let aliasType = 5

    private static func readAnswer(
        _ reader: inout DNSMessageReader, _ question: DNSQuestion
    ) throws(DNSMessageReader.Malformed) -> Answer? {
        let owner = try reader.name()
        let type = try reader.number16(), kind = try reader.number16()
        let lifetime = try reader.number32()
        let length = try reader.number16()
        let end = reader.offset + length
        var inside = reader
        try reader.skip(to: end)
        guard let owner, kind == internetClass else { return nil }
        let content: Content?
        do throws(DNSMessageReader.Malformed) {
            if type == aliasType {
                content = try inside.name().map(Content.alias)
            } else if type == Int(question.type.rawValue) {
                content = try record(question.type, &inside, length: length).map(Content.record)
            } else {
                content = nil
            }
        } catch {
            return nil
        }
        guard let content, inside.offset == end else { return nil }
        // RFC 2181 section 8: with the top bit set it counts as 0.
        return Answer(owner: owner, lifetime: lifetime > 0x7FFF_FFFF ? 0 : lifetime, content: content)
    }

    private static func record(
        _ type: DNSRecordType, _ reader: inout DNSMessageReader, length: Int
    ) throws(DNSMessageReader.Malformed) -> DNSRecord? {
        switch type {
        case .a, .aaaa:
            guard length == (type == .a ? 4 : 16) else { return nil }
            return NumericAddress(bytes: try reader.slice(length)).map(DNSRecord.address)
        case .srv:
            let priority = try reader.number16(), weight = try reader.number16(), port = try reader.number16()
            return try reader.name().map {
                .service(ServiceRecord(priority: priority, weight: weight, port: port, target: $0))
            }
        case .naptr:
            let order = try reader.number16(), preference = try reader.number16()
            let flags = try reader.string(), service = try reader.string(), expression = try reader.string()
            return try reader.name().map {
                .pointer(
                    PointerRecord(
                        order: order, preference: preference, flags: flags, service: service,
                        hasExpression: !expression.isEmpty, replacement: $0))
            }
        }
    }

    /// Follows the aliases from the name that was asked for. Too many, or a circle, are malformed.
    private static func select(_ answers: [Answer], of question: DNSQuestion) throws(DNSMessageReader.Malformed) -> DNSAnswer {
        var name = question.name
        var lifetime = Int.max
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
                return kept.isEmpty ? .none : DNSAnswer(records: kept, lifetime: .seconds(lifetime))
            }
            name = alias
        }
        throw DNSMessageReader.Malformed()
    }
}
