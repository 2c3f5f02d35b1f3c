import Foundation
import TestCertificates
import Testing

@testable import Configuration

/// What a configuration that is read again changes: each key is in force at once, or is named as one that needs a restart.
struct ConfigurationChangeTests {
    /// Another value of each key than its default, as its environment variable has it.
    private static let samples: [String: String] = [
        "sip.listen": "udp:127.0.0.1:5070", "sip.domain": "tern.example", "sip.realm": "elsewhere", "sip.digest": "MD5,SHA-256", "sip.user_agent": "Other",
        "sip.name_servers": "192.0.2.53", "sip.maximum_calls": "7", "sip.srtp": "off", "sip.tls.authorities": "/etc/ssl/other.crt",
        "http.listen": "127.0.0.1:8090", "http.allowed_origins": "https://a.example", "http.hosts": "tern.example", "http.metrics_from": "10.0.0.0/8",
        "media.address": "127.0.0.2", "media.address6": "::1", "media.rtp_ports": "30000-30999", "media.timeout": "7", "media.latching": "off",
        "nat.public_address": "203.0.113.5", "nat.local_networks": "10.1.0.0/16",
        "janus.mode": "external", "janus.count": "2", "janus.executable": "/bin/janus", "janus.plugin": "/lib/x.so", "janus.directory": "/run/x", "janus.event_loops": "63",
        "janus.memory_limit": "129M", "janus.urls": "ws://127.0.0.1:1", "janus.api_secret": "x", "recordings.directory": "/var/x", "recordings.video": "none",
        "recordings.keep_mjr": "true", "recordings.jobs": "3", "recordings.minimum_free": "1M", "recordings.ffmpeg": "ffmpeg7",
        "registrar.database": ":memory:", "registrar.minimum_expires": "61", "registrar.maximum_expires": "2h", "registrar.contacts_per_user": "3",
        "registrar.keepalive": "0", "cluster.node": "b", "cluster.address": "tcp:127.0.0.1:5070", "cluster.secret": "0123456789abcdef", "cluster.prefix": "other:", "cluster.authorities": "/etc/ssl/other.crt", "cluster.sentinel_password": "x", "records.database": "memory", "records.keep": "2h", "records.maximum_size": "2M", "records.file": "/var/x",
        "records.url": "http://127.0.0.1/", "users": "[]", "tokens": "[{algorithm: HS256, key: \"01234567890123456789012345678901\"}]",
        "trunks": "[{name: t, targets: \"sip:192.0.2.1\"}]", "routes": "[]", "probes": "[{name: p, call: echo}]",
        "calls.ring_timeout": "61", "calls.maximum_duration": "0", "calls.drain": "0", "calls.direct_uris": "false", "calls.redirects": "pass",
        "calls.line_tests": "1", "calls.line_test_reports": "sip:collector@192.0.2.9", "limits.calls_per_second": "7", "limits.set_ups": "7", "limits.loop_delay": "70ms",
        "limits.strangers_per_address": "7", "limits.strangers_per_prefix": "7", "limits.unacknowledged": "7", "limits.exempt": "10.0.0.0/8", "api.grace_time": "1", "api.sessions_per_user": "1", "log.level": "debug", "log.format": "json", "log.sip": "true",
        "traces.memory": "0", "hep.address": "tcp:127.0.0.1:9060", "hep.id": "7", "hep.password": "x",
    ]

    /// Keys whose value depends on that of another.
    private static let together: [String: Set<String>] = [
        "sip.domain": ["sip.realm"], "media.address": ["sip.domain", "sip.realm"], "nat.public_address": ["sip.domain", "sip.realm"], "trunks": ["calls.direct_uris"], "sip.listen": ["janus.directory"],
        "cluster.certificate": ["cluster.key"], "cluster.key": ["cluster.certificate"],
    ]

    /// Keeps its files as long as it is there.
    private let authority: TestAuthority

    init() throws {
        authority = try TestAuthority()
    }

    private func load(_ environment: [String: String]) throws -> GatewayConfiguration {
        try ConfigurationReader.load(text: "", environment: environment, host: .lonely).configuration
    }

    /// A configuration in which the key has another value.
    private func changed(_ key: ConfigurationKey) throws -> GatewayConfiguration {
        let path = key.path
        if path == "configuration_version" {
            // There is one so far.
            var changed = try load([:])
            changed.version += 1
            return changed
        }
        let isCluster = ["cluster.certificate", "cluster.key"].contains(path)
        if isCluster || path.contains(".tls."), path != "sip.tls.authorities" {
            let pair = try authority.issue("changed", names: "DNS:tern.example")
            let section = isCluster ? "CLUSTER" : path.hasPrefix("sip") ? "SIP_TLS" : "HTTP_TLS"
            return try withExtendedLifetime(authority) {
                try load(["TERN_\(section)_CERTIFICATE": pair.certificate, "TERN_\(section)_KEY": pair.key])
            }
        }
        var environment = [key.environmentName: try #require(Self.samples[path], "\(path) has no sample")]
        // A mode that takes no value without another.
        if path == "janus.mode" { environment["TERN_JANUS_URLS"] = "ws://127.0.0.1:1" }
        if path.hasPrefix("hep."), path != "hep.address" { environment["TERN_HEP_ADDRESS"] = "127.0.0.1:9060" }
        return try load(environment)
    }

    @Test("each key is named when it changes, and is in force, or needs a restart and keeps its value", arguments: ConfigurationKey.all.map(\.path))
    func each(path: String) throws {
        let key = try #require(ConfigurationKey.all.first { $0.path == path })
        let before = try load([:]), after = try changed(key)
        let change = ConfigurationChange(startedWith: before, current: before, read: after)
        #expect((key.change == .live ? change.live : change.needRestart).contains(path), "\(change.live) \(change.needRestart)")
        #expect(!(key.change == .live ? change.needRestart : change.live).contains(path))
        #expect(key.differs(before, change.configuration) == (key.change == .live))
        // The two files of a certificate, and what was written to let the key be there, change together.
        guard !path.contains(".tls."), !path.hasPrefix("janus."), !path.hasPrefix("hep.") else { return }
        let extra = Set(change.live + change.needRestart).subtracting([path])
        #expect(extra.isSubset(of: Self.together[path] ?? []), "\(extra) changed as well")
    }

    @Test("nothing of the configuration is outside of the keys")
    func complete() throws {
        func values(_ configuration: GatewayConfiguration) -> [String: String] {
            var values: [String: String] = [:]
            for section in Mirror(reflecting: configuration).children {
                let fields = Mirror(reflecting: section.value)
                guard let label = section.label else { continue }
                if fields.displayStyle == .struct {
                    for field in fields.children { values["\(label).\(field.label ?? "")"] = "\(field.value)" }
                } else {
                    values[label] = "\(section.value)"
                }
            }
            return values
        }
        let before = values(try load([:]))
        var seen: Set<String> = []
        for key in ConfigurationKey.all { seen.formUnion(values(try changed(key)).filter { before[$0.key] != $0.value }.keys) }
        #expect(before.count > 50 && Set(before.keys) == seen, "of no key: \(Set(before.keys).subtracting(seen))")
    }

    @Test("a key that needs a restart is named each time, until the restart or until it is taken back")
    func lasting() throws {
        let first = try load([:]), read = try load(["TERN_MEDIA_RTP_PORTS": "30000-30999", "TERN_USERS": "[]"])
        let change = ConfigurationChange(startedWith: first, current: first, read: read)
        #expect(change.live == ["users"] && change.needRestart == ["media.rtp_ports"])
        let again = ConfigurationChange(startedWith: first, current: change.configuration, read: read)
        #expect(again.live.isEmpty && again.needRestart == ["media.rtp_ports"])
        let back = ConfigurationChange(startedWith: first, current: change.configuration, read: first)
        #expect(back.live == ["users"] && back.needRestart.isEmpty)
    }
}
