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
