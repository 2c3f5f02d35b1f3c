import EventLoop
@testable import Janus
import Logging
import Testing

@Suite("The configuration of a private Janus")
struct JanusSettingsTests {
    static func settings(
        address: String = "192.0.2.5", ports: ClosedRange<Int> = 20_000...20_999, directory: String = "/run/tern/janus"
    ) -> JanusSettings {
        JanusSettings(
            configuration: JanusProcessConfiguration(
                directory: directory, rtpPorts: ports, localAddress: address, eventLoops: 3, memoryLimit: 1 << 30),
            apiPort: 4_001, adminPort: 4_002, apiSecret: "one", adminSecret: "two")
    }

    @Test("plain RTP and ICE share the ports without meeting, plain RTP from an even border", arguments: [
        (20_000...20_999, 20_000...20_499, 20_500...20_999), (20_001...20_999, 20_001...20_499, 20_500...20_999),
        (10_000...10_007, 10_000...10_003, 10_004...10_007), (10_001...10_008, 10_001...10_005, 10_006...10_008),
        (1_024...65_535, 1_024...33_279, 33_280...65_535),
    ])
    func ports(all: ClosedRange<Int>, plain: ClosedRange<Int>, ice: ClosedRange<Int>) throws {
        let settings = Self.settings(ports: all)
        #expect(settings.configuration.plainPorts == plain)
        #expect(settings.configuration.icePorts == ice)
        #expect(try settings.files["janus.jcfg"]?.contains("\"\(ice.lowerBound)-\(ice.upperBound)\"") == true)
    }

    @Test("the APIs are on loopback only, each on its port, with event loops and secrets as given")
    func apis() throws {
        let files = try Self.settings().files
        #expect(files.keys.sorted() == ["janus.jcfg", "janus.transport.websockets.jcfg"])
        let transport = try #require(files["janus.transport.websockets.jcfg"])
        #expect(transport.contains("ws_port = 4001\n    ws_ip = \"127.0.0.1\""))
        #expect(transport.contains("admin_ws_port = 4002\n    admin_ws_ip = \"127.0.0.1\""))
        let core = try #require(files["janus.jcfg"])
        for line in ["event_loops = 3", "api_secret = \"one\"", "admin_secret = \"two\"", "ipv6 = false", "ice_lite = false", "ice_keepalive_conncheck = true"] {
            #expect(core.contains("    \(line)\n"))
        }
        #expect(!core.contains("stun"))
    }

    @Test("ICE keeps to the media address where it can")
    func confinement() throws {
        #expect(try Self.settings().files["janus.jcfg"]?.contains("ice_enforce_list = \"192.0.2.5\"") == true)
        for address in ["127.0.0.1", "127.1.2.3", "0.0.0.0"] {
            #expect(try Self.settings(address: address).files["janus.jcfg"]?.contains("ice_enforce_list") == false)
        }
    }

    @Test("behind a NAT ICE names the public address beside the own one")
    func translation() throws {
        #expect(try Self.settings().files["janus.jcfg"]?.contains("nat_1_1_mapping") == false)
        var settings = Self.settings(address: "10.0.0.5")
        settings.configuration.publicAddress = "203.0.113.5"
        let core = try #require(try settings.files["janus.jcfg"])
        #expect(core.contains("    nat_1_1_mapping = \"203.0.113.5\"\n    keep_private_host = true\n") && core.contains("ice_enforce_list = \"10.0.0.5\""), "\(core)")
    }

    @Test("a path cannot break out of its string")
    func quoting() throws {
        let core = try #require(try Self.settings(directory: #"/tmp/a"b\c; x = "1"#).files["janus.jcfg"])
        #expect(core.contains(#"configs_folder = "/tmp/a\"b\\c; x = \"1""# + "\n"))
        #expect(throws: JanusProcessError.self) { try Self.settings(directory: "/tmp/\nx").files }
    }

    @Test("Janus' lines have the level that an operator would give them", arguments: [
        ("[FATAL] [janus.c:main:1] no", ChildProcess.Stream.standardOutput, Logger.Level.error, "[janus.c:main:1] no"),
        ("[ERR] [x.c:f:2] bad", .standardOutput, .warning, "[x.c:f:2] bad"),
        ("[WARN] hm", .standardOutput, .warning, "hm"),
        ("[WARN] mDNS resolution disabled, .local candidates will be ignored", .standardOutput, .debug,
         "[WARN] mDNS resolution disabled, .local candidates will be ignored"),
        ("[ERR] [x.c:f:2] Not a directory? /srv/recordings", .standardOutput, .warning, "[x.c:f:2] Not a directory? /srv/recordings"),
        ("Creating new session: 1", .standardOutput, .debug, "Creating new session: 1"),
        ("libfoo: missing", .standardError, .warning, "libfoo: missing"),
    ])
    func levels(line: String, stream: ChildProcess.Stream, level: Logger.Level, text: String) {
        let parsed = JanusLog.parse(line, stream)
        #expect(parsed.0 == level)
        #expect(parsed.1 == text)
    }
}
