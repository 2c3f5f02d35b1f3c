public import Authentication

/// Where a Redis server is, and who we are there.
public struct RedisServer: Sendable, Equatable {
    /// A name, or an address without brackets.
    public var host: String
    public var port: Int
    /// Nil is the user `default`.
    public var user: String?
    public var password: Secret?
    public var database: Int

    public init(host: String, port: Int = 6_379, user: String? = nil, password: Secret? = nil, database: Int = 0) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.database = database
    }
}

/// Why Redis could not be asked, or what it refused.
struct RedisError: Error, Equatable, CustomStringConvertible {
    let description: String
    /// The first word of an error of the server's: `WRONGPASS`, `NOAUTH`; empty where it could not be asked.
    let code: String

    /// It could not be asked.
    init(_ description: String) {
        self.description = description
        code = ""
    }

    /// The server refused.
    init(refusal text: String) {
        description = "Redis refuses: \(text.prefix(256))"
        code = String(text.prefix { $0 != " " })
    }
}

/// What Redis answers.
enum RedisReply: Sendable, Equatable {
    case null
    case integer(Int)
    /// A string, or a status as `OK`.
    case text(String)
    case list([RedisReply])

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var integer: Int? { if case .integer(let number) = self { number } else { nil } }
    var list: [RedisReply] { if case .list(let items) = self { items } else { [] } }

    /// The pairs of a hash.
    var pairs: [(field: String, value: String)] {
        let items = list
        return stride(from: 0, to: items.count - items.count % 2, by: 2).compactMap { index in
            guard let field = items[index].text, let value = items[index + 1].text else { return nil }
            return (field, value)
        }
    }
}
