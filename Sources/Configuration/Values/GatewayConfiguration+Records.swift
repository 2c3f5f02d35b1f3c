extension GatewayConfiguration {
    /// Section `records`: what is kept of each call.
    public struct Records: Sendable, Equatable {
        /// Key `records.database`: where the records of calls are kept and searched. Default: the file `records.sqlite`.
        public var database = Database.file(AbsolutePath.of("records.sqlite"))
        /// Key `records.keep`: records that began longer ago are deleted from the database, 1 h to 10 years; `0` is never (nil). Default: 90 days.
        public var keep: Duration? = .seconds(90 * 86_400)
        /// Key `records.maximum_size`: the oldest records are deleted from the database when it is larger, in bytes, 1 MB to 1 PB. Default: 1 GB.
        public var maximumSize = 1 << 30
        /// Key `records.file`: each call that is over is appended to this file, as a line of JSON. Default: none.
        public var file: String?
        /// Key `records.url`: calls that are over are sent there by HTTP POST; with a password where the URL has one. Default: none.
        public var url: Secret?

        /// Where records are kept.
        public enum Database: Sendable, Equatable {
            /// Nowhere: written `none`.
            case none
            /// In memory, until the gateway ends: written `memory` or `:memory:`.
            case memory
            /// In an SQLite file at this path, which is absolute.
            case file(String)
            /// In PostgreSQL: a URL `postgres://…`, which may have a password in it.
            case postgres(Secret)
        }

        public init() {}
    }
}

extension GatewayConfiguration.Records.Database: CustomStringConvertible {
    /// Without a password.
    public var description: String {
        switch self {
        case .none: "none"
        case .memory: "memory"
        case .file(let path): path
        case .postgres(let url): ConfigurationText.withoutPassword(url.value)
        }
    }
}

extension ConfigurationText {
    /// A URL whose password is left out.
    public static func withoutPassword(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let rest = url[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        var shown = String(url)
        if let at = authority.lastIndex(of: "@") {
            let user = authority[..<at].prefix { $0 != ":" }
            shown = String(url[..<scheme.upperBound] + user + authority[at...] + rest[authority.endIndex...])
        }
        // libpq takes it as a parameter, too.
        guard let query = shown.firstRange(of: "password=") else { return shown }
        let secret = shown[query.upperBound...].prefix { $0 != "&" }
        return String(shown[..<query.upperBound]) + "…" + shown[secret.endIndex...]
    }
}
