@testable import Resolver

/// A DNS message in the making: what the name servers of these tests send.
struct WireMessage {
    var bytes: [UInt8]
    private var answers = 0

    /// A response to `question`, as the server of whoever asked with `id`.
    init(_ question: DNSQuestion, id: Int = 0, flags: Int = 0x8180) {
        bytes = WireMessage.number(id) + WireMessage.number(flags) + [0, 1, 0, 0, 0, 0, 0, 0]
        bytes += WireMessage.name(question.name.description) + WireMessage.number(Int(question.type.rawValue)) + [0, 1]
    }

    /// A response to the query in `query`, whose header and question it repeats.
    init?(to query: [UInt8], flags: Int = 0x8180) {
        guard query.count > 16 else { return nil }
        bytes = Array(query.prefix(2)) + WireMessage.number(flags) + [0, 1, 0, 0, 0, 0, 0, 0] + query.dropFirst(12)
    }

    mutating func add(_ owner: [UInt8] = [0xC0, 12], type: Int, lifetime: Int = 60, _ content: [UInt8]) {
        bytes += owner + WireMessage.number(type) + [0, 1] + WireMessage.number(lifetime >> 16) + WireMessage.number(lifetime & 0xFFFF)
        bytes += WireMessage.number(content.count) + content
        answers += 1
        bytes.replaceSubrange(6..<8, with: WireMessage.number(answers))
    }

    static func number(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }

    static func name(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    static func service(_ priority: Int, _ weight: Int, _ port: Int, _ target: String) -> [UInt8] {
        number(priority) + number(weight) + number(port) + name(target)
    }

    static func pointer(_ order: Int, _ preference: Int, _ flags: String, _ service: String, _ replacement: String) -> [UInt8] {
        number(order) + number(preference)
            + [flags, service, ""].flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + name(replacement)
    }

    /// The name and the type that a query asks for, which has no pointers.
    static func question(of query: [UInt8]) -> DNSQuestion? {
        var labels: [String] = [], rest = query.dropFirst(12)
        while let length = rest.popFirst(), length > 0, rest.count >= length {
            labels.append(String(decoding: rest.prefix(Int(length)), as: UTF8.self))
            rest = rest.dropFirst(Int(length))
        }
        guard let name = DNSName(labels.joined(separator: ".")), let high = rest.popFirst(), let low = rest.popFirst() else { return nil }
        return DNSRecordType(rawValue: UInt16(high) << 8 | UInt16(low)).map { DNSQuestion(name, $0) }
    }
}
