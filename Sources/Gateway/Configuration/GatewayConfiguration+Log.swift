public import Logging

extension GatewayConfiguration {
    /// Section `log`.
    public struct Log: Sendable, Equatable {
        /// How a line is written.
        public enum Format: String, Sendable, CaseIterable {
            /// For people: time, level, label, message, `key=value`.
            case text
            /// For machines: one JSON object a line.
            case json
        }

        /// Key `log.level`: `trace`, `debug`, `info`, `notice`, `warning`, `error`, `critical`. Default: `info`.
        public var level = Logger.Level.info
        /// Key `log.format`: `text` or `json`. Default: `text`.
        public var format = Format.text

        public init() {}
    }
}
