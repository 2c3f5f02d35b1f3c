internal import SIPNames

/// The kinds of record that are asked for, by their number in a message.
enum DNSRecordType: UInt16, Sendable, CaseIterable {
    /// RFC 1035 section 3.4.1
    case a = 1
    /// RFC 3596
    case aaaa = 28
    /// RFC 2782
    case srv = 33
    /// RFC 3403
    case naptr = 35

    /// The records that a host's addresses of a family are in.
    init(_ family: Hop.Family) { self = family == .ipv6 ? .aaaa : .a }
}

/// What a name server is asked.
struct DNSQuestion: Hashable, Sendable, CustomStringConvertible {
    let name: DNSName
    let type: DNSRecordType

    init(_ name: DNSName, _ type: DNSRecordType) {
        self.name = name
        self.type = type
    }

    var description: String { "\(name) \(type)" }
}

/// A record of one of the kinds that are asked for.
enum DNSRecord: Hashable, Sendable {
    case address(IPAddress)
    case service(ServiceRecord)
    case pointer(PointerRecord)
}

/// An SRV record (RFC 2782).
struct ServiceRecord: Hashable, Sendable {
    var priority: Int
    var weight: Int
    var port: Int
    /// The root says that there is no such service.
    var target: DNSName
}

/// A NAPTR record (RFC 3403 section 4).
struct PointerRecord: Hashable, Sendable {
    var order: Int
    var preference: Int
    var flags: String
    var service: String
    var hasExpression: Bool
    var replacement: DNSName
}

/// The records of a name; none when there is no such name, or none of the kind.
struct DNSAnswer: Hashable, Sendable {
    /// More records of one answer than this are left out.
    static let maximumRecords = 32

    var records: [DNSRecord]
    /// How long it is valid, as the server says; nil where the server does not say.
    var lifetime: Duration?

    static let none = DNSAnswer(records: [], lifetime: nil)

    var addresses: [IPAddress] { records.compactMap { if case .address(let address) = $0 { address } else { nil } } }
    var services: [ServiceRecord] { records.compactMap { if case .service(let service) = $0 { service } else { nil } } }
    var pointers: [PointerRecord] { records.compactMap { if case .pointer(let pointer) = $0 { pointer } else { nil } } }
}

typealias DNSResult = Result<DNSAnswer, ResolverError>
