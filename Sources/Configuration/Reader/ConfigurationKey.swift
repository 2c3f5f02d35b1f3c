/// A key that the configuration knows, and its names in the three layers.
public struct ConfigurationKey: Sendable, Hashable {
    /// How a value is written outside the file.
    public enum Shape: Sendable {
        /// As in the file.
        case scalar
        /// Separated by commas.
        case list
        /// As YAML, on one line.
        case structure
    }

    /// As in the file: `sip.listen`.
    public let path: String
    public let shape: Shape

    /// `TERN_SIP_LISTEN`.
    public var environmentName: String {
        "TERN_" + path.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
    }

    /// `--sip-listen`; `tern` has the ones that are worth it.
    public var argumentName: String {
        "--" + path.map { $0 == "." || $0 == "_" ? "-" : String($0) }.joined()
    }

    /// All keys, in the order of `config/tern.yaml`.
    public static let all: [ConfigurationKey] = [
        .init(path: "sip.listen", shape: .list),
        .init(path: "sip.domain", shape: .scalar),
        .init(path: "sip.realm", shape: .scalar),
        .init(path: "sip.digest", shape: .list),
        .init(path: "sip.user_agent", shape: .scalar),
        .init(path: "sip.name_servers", shape: .list),
        .init(path: "sip.maximum_calls", shape: .scalar),
        .init(path: "sip.srtp", shape: .scalar),
        .init(path: "sip.tls.certificate", shape: .scalar),
        .init(path: "sip.tls.key", shape: .scalar),
        .init(path: "sip.tls.authorities", shape: .scalar),
        .init(path: "http.listen", shape: .scalar),
        .init(path: "http.allowed_origins", shape: .list),
        .init(path: "http.metrics_from", shape: .list),
        .init(path: "http.tls.certificate", shape: .scalar),
        .init(path: "http.tls.key", shape: .scalar),
        .init(path: "media.address", shape: .scalar),
        .init(path: "media.address6", shape: .scalar),
        .init(path: "media.rtp_ports", shape: .scalar),
        .init(path: "media.timeout", shape: .scalar),
        .init(path: "media.latching", shape: .scalar),
        .init(path: "janus.mode", shape: .scalar),
        .init(path: "janus.executable", shape: .scalar),
        .init(path: "janus.plugin", shape: .scalar),
        .init(path: "janus.directory", shape: .scalar),
        .init(path: "janus.event_loops", shape: .scalar),
        .init(path: "janus.memory_limit", shape: .scalar),
        .init(path: "janus.urls", shape: .list),
        .init(path: "janus.api_secret", shape: .scalar),
        .init(path: "recordings.directory", shape: .scalar),
        .init(path: "recordings.video", shape: .scalar),
        .init(path: "recordings.keep_mjr", shape: .scalar),
        .init(path: "recordings.jobs", shape: .scalar),
        .init(path: "recordings.minimum_free", shape: .scalar),
        .init(path: "recordings.ffmpeg", shape: .scalar),
        .init(path: "registrar.database", shape: .scalar),
        .init(path: "registrar.minimum_expires", shape: .scalar),
        .init(path: "registrar.maximum_expires", shape: .scalar),
        .init(path: "registrar.contacts_per_user", shape: .scalar),
        .init(path: "registrar.keepalive", shape: .scalar),
        .init(path: "records.database", shape: .scalar),
        .init(path: "records.keep", shape: .scalar),
        .init(path: "records.maximum_size", shape: .scalar),
        .init(path: "records.file", shape: .scalar),
        .init(path: "records.url", shape: .scalar),
        .init(path: "users", shape: .structure),
        .init(path: "tokens", shape: .structure),
        .init(path: "trunks", shape: .structure),
        .init(path: "routes", shape: .structure),
        .init(path: "probes", shape: .structure),
        .init(path: "calls.ring_timeout", shape: .scalar),
        .init(path: "calls.maximum_duration", shape: .scalar),
        .init(path: "calls.direct_uris", shape: .scalar),
        .init(path: "calls.redirects", shape: .scalar),
        .init(path: "calls.line_tests", shape: .scalar),
        .init(path: "calls.line_test_reports", shape: .scalar),
        .init(path: "limits.calls_per_second", shape: .scalar),
        .init(path: "limits.set_ups", shape: .scalar),
        .init(path: "limits.loop_delay", shape: .scalar),
        .init(path: "limits.strangers_per_address", shape: .scalar),
        .init(path: "limits.strangers_per_prefix", shape: .scalar),
        .init(path: "limits.unacknowledged", shape: .scalar),
        .init(path: "api.grace_time", shape: .scalar),
        .init(path: "api.sessions_per_user", shape: .scalar),
        .init(path: "log.level", shape: .scalar),
        .init(path: "log.format", shape: .scalar),
        .init(path: "log.sip", shape: .scalar),
        .init(path: "traces.memory", shape: .scalar),
        .init(path: "hep.address", shape: .scalar),
        .init(path: "hep.id", shape: .scalar),
        .init(path: "hep.password", shape: .scalar),
    ]

    /// The names that may stand directly below `section`; at the top for an empty one.
    static func names(in section: String) -> [String] {
        let prefix = section.isEmpty ? "" : section + "."
        var names: [String] = []
        for key in all where key.path.hasPrefix(prefix) {
            guard let name = key.path.dropFirst(prefix.count).split(separator: ".").first.map(String.init) else { continue }
            if !names.contains(name) { names.append(name) }
        }
        return names
    }
}
