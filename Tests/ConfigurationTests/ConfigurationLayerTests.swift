import Authentication
@testable import Configuration
import Foundation
import SDP
import SIPNames
import TestCertificates
import Testing
import TLS

@Suite struct ConfigurationLayerTests {
    private func load(
        _ text: String = "", environment: [String: String] = [:], arguments: [String: [String]] = [:],
        host: HostAddresses = .usual
    ) throws -> LoadedConfiguration {
        try ConfigurationReader.load(text: text, environment: environment, arguments: arguments, host: host)
    }

    @Test("without a file, with an empty one and with config/tern.yaml it is the same")
    func defaults() throws {
        let file = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/config/tern.yaml"
        let shipped = try ConfigurationReader.load(file: file, environment: [:], arguments: [:], host: .usual)
        let none = try ConfigurationReader.load(file: nil, environment: [:], arguments: [:], host: .usual)
        #expect(shipped.configuration == GatewayConfiguration())
        #expect(none.configuration == GatewayConfiguration())
        #expect(try load().configuration == GatewayConfiguration())
        #expect(try load("sip:\nlog:\n  level:\n").configuration == GatewayConfiguration())
    }

    @Test("every section of config/tern.yaml can be read back with other values")
    func allKeys() throws {
        let configuration = try load(
            """
            sip:
              listen: [udp:192.0.2.1:5070, 'tcp:[2001:DB8::0:1]:5070']
              domain: SIP.example.org
              realm: Example Phones
              user_agent: Phone
              name_servers: [192.0.2.53, '[2001:DB8::0:53]:5353', '2001:db8::54']
              maximum_calls: 20_000
              srtp: required
            http: {listen: '[::1]:0', allowed_origins: [https://Example.org/, 'http://localhost:3000', 'https://a.example:443', 'http://b.example:80/']}
            media: {address: 198.51.100.7, address6: '2001:DB8::0:7', rtp_ports: 40000 - 40999, timeout: 90}
            nat: {public_address: 203.0.113.5, local_networks: [10.1.0.0/16, 192.0.2.1]}
            janus: {mode: external, urls: ws://10.0.0.1:8188/janus, api_secret: hush}
            recordings: {directory: /var/lib/tern, video: tracks, keep_mjr: yes, jobs: 2, minimum_free: 2G, ffmpeg: /bin/true}
            registrar: {database: /tmp/registrations, minimum_expires: 90.5s, maximum_expires: 2h, contacts_per_user: 3}
            records: {database: 'postgres://tern:hush@db.example.org/tern', keep: 30d, maximum_size: 2G, file: /tmp/calls.jsonl, url: 'https://a:b@example.org/calls'}
            users: [{name: carol, password: 0123, display_name: Carol Ø, admin: yes, record: yes}]
            routes:
              - match: '00*'
                from: [user carol, anyone]
                domain: [SIP.example.org, '*.Example.net']
                rewrite: +{1}
                to: ['sip sip:{user}@pbx.example.org;transport=tcp', user carol, reject 480 Not today]
                srtp: off
                record: true
            calls: {ring_timeout: 1.5, maximum_duration: 0, line_tests: 0}
            api: {grace_time: 500ms}
            log: {level: debug, format: json, sip: on}
            traces: {memory: 8M}
            hep: {address: 'Homer.example.org:9060', id: 77, password: homer}
            """
        ).configuration
        #expect(configuration.sip.listen.map(\.description) == ["udp:192.0.2.1:5070", "tcp:[2001:db8::1]:5070"])
        #expect(configuration.sip.domain == "sip.example.org")
        #expect(configuration.sip.realm == "Example Phones")
        #expect(configuration.sip.userAgent == "Phone")
        #expect(configuration.sip.nameServers.map(\.description) == ["192.0.2.53:53", "[2001:db8::53]:5353", "[2001:db8::54]:53"])
        #expect(configuration.sip.maximumCalls == 20_000)
        #expect(configuration.sip.srtp == .required)
        #expect(configuration.http.listen == ListenAddress(transport: .tcp, address: "::1", port: 0))
        #expect(configuration.http.allowedOrigins == ["https://example.org", "http://localhost:3000", "https://a.example", "http://b.example"])
        #expect(configuration.media.address == "198.51.100.7")
        #expect(configuration.media.address6 == "2001:db8::7")
        #expect(configuration.media.rtpPorts == 40_000...40_999)
        #expect(configuration.nat.publicAddress == IPAddress("203.0.113.5") && configuration.nat.localNetworks.map(\.description) == ["10.1.0.0/16", "192.0.2.1"])
        #expect(configuration.janus.mode == .external)
        #expect(configuration.janus.urls == [.init("ws://10.0.0.1:8188/janus")])
        #expect(configuration.janus.apiSecret == Secret("hush"))
        #expect(configuration.recordings.directory == "/var/lib/tern")
        #expect(configuration.recordings.video == .tracks && configuration.recordings.keepsCaptures)
        #expect(configuration.recordings.jobs == 2 && configuration.recordings.minimumFree == 2 << 30)
        #expect(configuration.recordings.ffmpeg == "/bin/true")
        #expect(configuration.registrar.database == .file("/tmp/registrations"))
        #expect(configuration.registrar.minimumExpires == .milliseconds(90_500) && configuration.registrar.maximumExpires == .seconds(7_200))
        #expect(configuration.registrar.contactsPerUser == 3)
        #expect(configuration.records.database == .postgres(Secret("postgres://tern:hush@db.example.org/tern")))
        #expect(configuration.records.keep == .seconds(30 * 86_400) && configuration.records.maximumSize == 2 << 30)
        #expect(configuration.records.file == "/tmp/calls.jsonl" && configuration.records.url == Secret("https://a:b@example.org/calls"))
        #expect(configuration.users == [.init(name: "carol", password: Secret("0123"), displayName: "Carol Ø", isAdmin: true, isRecorded: true)])
        #expect(configuration.routes == [
            Route(
                .prefix("00"),
                to: [
                    .sip(try RouteTemplate(parsing: "sip:{user}@pbx.example.org;transport=tcp")), .user("carol"),
                    .reject(480, phrase: "Not today"),
                ],
                from: [.user("carol"), .anyone], domains: [.exact("sip.example.org"), .below(".example.net")],
                rewrite: try RouteTemplate(parsing: "+{1}"), srtp: .off, isRecorded: true)
        ])
        #expect(configuration.media.timeout == .seconds(90))
        #expect(configuration.calls.ringTimeout == .milliseconds(1_500))
        #expect(configuration.calls.maximumDuration == nil)
        #expect(configuration.calls.lineTests == 0)
        #expect(configuration.api.graceTime == .milliseconds(500))
        #expect(configuration.log.level == .debug)
        #expect(configuration.log.format == .json && configuration.log.sip)
        #expect(configuration.traces.memory == 8 << 20)
        #expect(configuration.hep.address?.host == "homer.example.org" && configuration.hep.address?.port == 9_060)
        #expect(configuration.hep.id == 77 && configuration.hep.password == Secret("homer"))
    }

    @Test("a Homer is told nothing without an address, and its other keys are then a warning; traces may be off")
    func diagnosis() throws {
        #expect(GatewayConfiguration().hep.address == nil && GatewayConfiguration().traces.memory == 64 << 20)
        #expect(try load("traces: {memory: 0}").configuration.traces.memory == 0)
        #expect(try load("hep: {address: '[::1]:9060'}").configuration.hep.address?.host == "[::1]")
        #expect(try load("hep: {id: 5}").warnings.map(\.key) == ["hep.address"])
    }

    @Test("behind a NAT the public address is the domain where none is written; private networks are told the own one, unless others are written")
    func nat() throws {
        #expect(GatewayConfiguration().natMapping == nil && GatewayConfiguration().nat.publicAddress == nil)
        let loaded = try load("sip: {listen: 'udp:0.0.0.0:5060'}\nusers: []\nnat: {public_address: 203.0.113.5}")
        #expect(!loaded.warnings.contains { $0.key.hasPrefix("nat") } && loaded.configuration.sip.domain == "203.0.113.5" && loaded.configuration.sip.realm == "203.0.113.5")
        let mapping = try #require(loaded.configuration.natMapping)
        #expect(mapping.publicAddress == IPAddress("203.0.113.5") && mapping.ownAddress == IPAddress("198.51.100.7"))
        #expect(mapping.localNetworks.map(\.description) == ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"])
        #expect(try load("nat: {public_address: 203.0.113.5, local_networks: []}").configuration.natMapping?.localNetworks == [])
        #expect(try load("sip: {domain: example.org}\nnat: {public_address: 203.0.113.5}").configuration.sip.domain == "example.org")
        #expect(try load("", environment: ["TERN_NAT_PUBLIC_ADDRESS": "203.0.113.5"]).configuration.nat.publicAddress == IPAddress("203.0.113.5"))
    }

    @Test("a public address that is the machine's own, that has no use, or ranges of IPv6 are a warning", arguments: [
        ("sip: {listen: 'udp:0.0.0.0:5060'}\nusers: []\nmedia: {address: 10.1.2.3}\nnat: {public_address: 198.51.100.7}", "nat.public_address", "is an address of this machine"),
        ("nat: {public_address: 203.0.113.5}", "nat.public_address", "on loopback alone"),
        ("sip: {listen: 'udp:0.0.0.0:5060'}\nusers: []\nnat: {public_address: 203.0.113.5, local_networks: ['fd00::/8']}", "nat.local_networks[0]", "one of IPv4"),
    ])
    func natWarnings(text: String, key: String, words: String) throws {
        let host = HostAddresses(all: ["127.0.0.1", "10.1.2.3", "198.51.100.7"], defaultRoute: "198.51.100.7")
        let warnings = try load(text, host: host).warnings.filter { $0.key.hasPrefix("nat") }
        #expect(warnings.map(\.key) == [key] && warnings.first?.description.contains(words) == true, "\(warnings)")
    }

    @Test("a Redis is named by its URL, and a node by its section; where others reach it is the first listener with TCP, or what is written")
    func cluster() throws {
        let section = "\ncluster: {node: gw-1.a, secret: 0123456789abcdef}"
        let loaded = try load("sip: {listen: ['udp:127.0.0.1:5060', 'tcp:127.0.0.1:5070']}\nregistrar: {database: 'redis://t%40n:p%40ss@[2001:db8::8]:6380/3'}" + section)
        guard case .redis(let redis) = loaded.configuration.registrar.database else { throw ConfigurationText.Refusal("no Redis") }
        #expect(redis.places.map(\.description) == ["[2001:db8::8]:6380"] && redis.user == "t@n" && redis.password == Secret("p@ss") && redis.database == 3)
        #expect(loaded.configuration.cluster.node == "gw-1.a" && loaded.configuration.cluster.address?.description == "tcp:127.0.0.1:5070")
        #expect(loaded.configuration.cluster.prefix == "tern:" && loaded.warnings.isEmpty)
        guard case .redis(let plain) = try load("registrar: {database: 'redis://db.example.org'}" + section).configuration.registrar.database else { throw ConfigurationText.Refusal("no Redis") }
        #expect(plain.places.map(\.description) == ["db.example.org:6379"] && plain.user == nil && plain.password == nil && plain.database == 0)
        let written = try load("registrar: {database: 'redis://10.0.0.8'}\ncluster: {node: a, secret: 0123456789abcdef, address: 'udp:10.0.0.1:5060', prefix: 'x:'}").configuration.cluster
        #expect(written.address?.description == "udp:10.0.0.1:5060" && written.prefix == "x:")
        // All addresses: the one of media.
        let wildcard = try load("sip: {listen: 'tcp:0.0.0.0:5060'}\nusers: []\nregistrar: {database: 'redis://10.0.0.8'}" + section).configuration.cluster
        #expect(wildcard.address?.description == "tcp:198.51.100.7:5060")
        #expect(try load(section).warnings.map(\.key) == ["cluster.node"])
    }

    @Test("the password of a Redis is in no message", arguments: ["rediss://tern:hush@db.example.org", "redis://tern:hush@db.example.org/x", "redis://tern:hush@db.example.org:0"])
    func redisPassword(text: String) throws {
        do {
            _ = try load("registrar: {database: '\(text)'}")
            Issue.record("it was taken")
        } catch let error as TernConfigurationError {
            #expect(!error.description.contains("hush"), "\(error)")
        }
    }

    @Test("phones' packets are followed, unless latching is off")
    func latching() throws {
        #expect(GatewayConfiguration().media.latching == .auto)
        #expect(try load("media: {latching: off}").configuration.media.latching == .off)
    }

    @Test("a media timeout of 0 is none")
    func noMediaTimeout() throws {
        #expect(try load("media: {timeout: 0}").configuration.media.timeout == nil)
        #expect(GatewayConfiguration().media.timeout == .seconds(60))
    }

    @Test("the memory of Janus is half of the machine's, or what is written")
    func memoryLimit() throws {
        #expect(try load("janus: {memory_limit: 512M}").configuration.janus.memoryLimit == 512 << 20)
        #expect(GatewayConfiguration().janus.memoryLimit == max(256 << 20, MachineMemory.available / 2))
    }

    @Test("several Januses share cores, memory and ports; what is written is for each")
    func severalJanuses() throws {
        let one = try load("").configuration, four = try load("janus: {count: 4}").configuration
        #expect(one.janus.count == 1 && four.janus.count == 4)
        #expect(four.janus.eventLoops == max(1, one.janus.eventLoops / 4))
        #expect(four.janus.memoryLimit == max(256 << 20, one.janus.memoryLimit / 4))
        let written = try load("janus: {count: 4, memory_limit: 512M, event_loops: 3}").configuration.janus
        #expect(written.memoryLimit == 512 << 20 && written.eventLoops == 3)
        #expect(try load("media: {rtp_ports: 20000-20299}\njanus: {count: 3}").configuration.media.rtpPortShares(3) == [20_000...20_099, 20_100...20_199, 20_200...20_299])
        #expect(try load("media: {rtp_ports: 20001-20305}\njanus: {count: 3}").configuration.media.rtpPortShares(3) == [20_001...20_100, 20_101...20_200, 20_201...20_305])
        #expect(one.media.rtpPortShares(1) == [one.media.rtpPorts])
        #expect(try load("janus: {mode: external, urls: [ws://127.0.0.1:1], count: 2}").warnings.map(\.key) == ["janus.count"])
    }

    @Test("a Janus elsewhere may have media addresses of its own behind its URL")
    func externalAddresses() throws {
        let urls = try load("janus: {mode: external, urls: [ws://10.0.0.1:8188, ws://10.0.0.2:8188 192.0.2.2, '  ws://10.0.0.3:8188  2001:db8::3 192.0.2.3']}").configuration.janus.urls
        #expect(urls == [
            .init("ws://10.0.0.1:8188"), .init("ws://10.0.0.2:8188", address: "192.0.2.2"),
            .init("ws://10.0.0.3:8188", address: "192.0.2.3", address6: "2001:db8::3"),
        ])
        #expect(urls.map(\.description) == ["ws://10.0.0.1:8188", "ws://10.0.0.2:8188 192.0.2.2", "ws://10.0.0.3:8188 192.0.2.3 2001:db8::3"])
    }

    @Test("the memory of a container is the least limit of its group and of those above", arguments: [
        (nil, 8_000), ("0::/\n", 6_000), ("0::/a\n", 5_000), ("1:memory:/x\n0::/a/b\n", 5_000), ("0::/c\n", 1_000), ("0::/c/d/e\n", 1_000),
        ("0::\n", 8_000), ("rubbish", 8_000),
    ] as [(String?, Int)])
    func container(membership: String?, bytes: Int) {
        let limits = ["": "6000\n", "/a": "5000\n", "/a/b": "max\n", "/c": "1000\n", "/c/d/e": "9000\n"]
        #expect(MachineMemory.available(ram: 8_000, membership: membership) { limits[$0] } == bytes)
    }

    @Test("the realm is the domain, where neither says otherwise the media address; hashes for that are a warning")
    func realm() throws {
        let users = "users: [{name: carol, ha1: 'MD5:00000000000000000000000000000000'}]\n"
        #expect(try load("sip: {domain: example.org}").configuration.sip.realm == "example.org")
        let unnamed = try load("media: {address: 198.51.100.7}\n" + users)
        #expect(unnamed.configuration.sip.realm == "198.51.100.7")
        #expect(unnamed.warnings.map(\.key) == ["users[0].ha1"])
        #expect(try load("sip: {realm: r}\n" + users).warnings.isEmpty)
    }

    @Test("tokens have the key that is written or in a file, and say what else they ask for")
    func tokens() throws {
        let secret = "0123456789abcdef0123456789abcdef"
        let file = FileManager.default.temporaryDirectory.appending(path: "tern-\(UUID().uuidString).key")
        try "\(secret)\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let tokens = try load(
            """
            tokens:
              - {algorithm: HS256, key: \(secret)}
              - name: portal
                algorithm: HS256
                key_file: \(file.path)
                issuer: https://portal.example.org
                audience: tern
                clock_skew: 1m
                user_claim: login
                users: any
            """
        ).configuration.tokens
        var second = try TokenKey(name: "portal", algorithm: .hs256, key: Secret(secret))
        second.issuer = "https://portal.example.org"
        second.audience = "tern"
        second.clockSkew = .seconds(60)
        second.userClaim = "login"
        second.admitsUnknownUsers = true
        #expect(tokens == [try TokenKey(name: "tokens[0]", algorithm: .hs256, key: Secret(secret)), second])
        #expect(try load().configuration.tokens.isEmpty)
    }

    @Test("a user has hashes in place of a password")
    func hashes() throws {
        let entry = "MD5:0123456789abcdef0123456789abcdef"
        let user = try #require(try load("users: [{name: carol, ha1: '\(entry)'}]").configuration.users.first)
        guard case .ha1(let read) = user.credential else {
            Issue.record("\(user)")
            return
        }
        #expect(read.text == entry)
    }

    @Test("arguments win over the environment, which wins over the file")
    func precedence() throws {
        let text = "log: {level: debug, format: json}\nsip: {maximum_calls: 5}\n"
        let environment = ["TERN_LOG_LEVEL": "error", "TERN_SIP_MAXIMUM_CALLS": "6"]
        let configuration = try load(text, environment: environment, arguments: ["--log-level": ["trace"]]).configuration
        #expect(configuration.log.level == .trace)
        #expect(configuration.log.format == .json)
        #expect(configuration.sip.maximumCalls == 6)
    }

    @Test("lists in the environment have commas, users and routes are YAML")
    func shapes() throws {
        let configuration = try load(environment: [
            "TERN_SIP_LISTEN": "udp:127.0.0.1:5080, tcp:127.0.0.1:5081",
            "TERN_USERS": "[{name: carol, password: x}]",
            "TERN_ROUTES": "[{match: carol, to: user}]",
        ]).configuration
        #expect(configuration.sip.listen.map(\.port) == [5_080, 5_081])
        #expect(configuration.users.map(\.name) == ["carol"])
        #expect(configuration.routes == [Route(.exact("carol"), to: [.user(nil)])])
    }

    @Test("a mistake in a variable or an argument is told by its name")
    func origins() throws {
        do {
            _ = try load(
                environment: ["TERN_LOG_LEVEL": "x", "TERN_USERS": "[{name: carol}]"],
                arguments: ["--http-listen": ["nowhere"]])
            Issue.record("it was taken")
        } catch let error as TernConfigurationError {
            #expect(error.problems.map(\.origin) == [
                .argument("--http-listen"), .environment("TERN_LOG_LEVEL"), .environment("TERN_USERS"),
            ])
        }
    }

    @Test("a misspelt variable is a warning, one that only shares the prefix is nothing")
    func misspelt() throws {
        let loaded = try load(environment: ["TERN_LOG_LEVLE": "debug", "TERN_SERVICE_HOST": "10.0.0.1", "TERN_PORT": "tcp://x"])
        #expect(loaded.warnings.map(\.origin) == [.environment("TERN_LOG_LEVLE")])
    }

    @Test("every key has a variable and an argument of its own")
    func names() {
        #expect(Set(ConfigurationKey.all.map(\.environmentName)).count == ConfigurationKey.all.count)
        #expect(Set(ConfigurationKey.all.map(\.argumentName)).count == ConfigurationKey.all.count)
        #expect(ConfigurationKey.all.contains { $0.environmentName == "TERN_MEDIA_RTP_PORTS" && $0.argumentName == "--media-rtp-ports" })
    }

    @Test(
        "the media address follows the listeners",
        arguments: [
            ("udp:127.0.0.1:5060", HostAddresses.usual, "127.0.0.1", MediaAddress.Reason.listener),
            ("udp:127.0.0.1:5060,udp:192.0.2.1:5060", .usual, "192.0.2.1", .listener),
            ("udp:0.0.0.0:5060", .usual, "198.51.100.7", .defaultRoute),
            ("udp:[::]:5060", .isolated, "10.1.2.3", .interface),
            ("udp:0.0.0.0:5060", .lonely, "127.0.0.1", .nothingElse),
        ])
    func mediaAddress(listen: String, host: HostAddresses, address: String, reason: MediaAddress.Reason) throws {
        let loaded = try load("users: []", environment: ["TERN_SIP_LISTEN": listen], host: host)
        #expect(loaded.configuration.media.address == address)
        #expect(loaded.configuration.sip.domain == address)
        #expect(loaded.mediaAddress.reason == reason)
    }

    @Test("a machine with nothing but loopback is warned that there will be no media")
    func lonelyMachine() throws {
        let warnings = try load(host: .lonely).warnings
        #expect(warnings.contains { $0.key == "media.address" && $0.reason.contains("browsers will have no media") })
        #expect(try load(host: .usual).warnings.isEmpty)
    }

    @Test("an address to listen on that this machine does not have is told of", arguments: [
        ("sip: {listen: ['udp:203.0.113.9:5060']}", "sip.listen[0]"), ("sip: {listen: ['udp:[2001:db8::9]:5060', 'udp:127.0.0.1:5060']}", "sip.listen[0]"),
        ("http: {listen: '203.0.113.9:8080'}", "http.listen"), ("sip: {listen: ['udp:0.0.0.0:5060', 'tcp:198.51.100.7:5060', 'udp:[::1]:5060', 'tcp:127.0.0.5:5060']}", ""),
    ])
    func foreignListener(text: String, key: String) throws {
        let warnings = try load(text + "\nusers: [{name: carol, password: of-her-own}]\nroutes: []\n").warnings
        #expect(warnings.map(\.key) == (key.isEmpty ? [] : [key]), "\(warnings)")
        #expect(warnings.allSatisfy { $0.reason.contains("is not an address of this machine, whose are 127.0.0.1, 198.51.100.7: Tern cannot listen on it") })
    }

    @Test("a media address that the machine does not have is a warning")
    func foreignMediaAddress() throws {
        let warnings = try load("media: {address: 203.0.113.9}").warnings
        #expect(warnings.map(\.key) == ["media.address"])
    }

    @Test("what has no meaning in the mode of Janus is a warning")
    func meaningless() throws {
        #expect(try load("janus: {urls: [ws://127.0.0.1:8188]}").warnings.map(\.key) == ["janus.urls"])
    }

    @Test("a program for recordings that is not there is a warning")
    func missingProgram() throws {
        let warnings = try load("recordings: {ffmpeg: /nonexistent/ffmpeg}").warnings
        #expect(warnings.map(\.key) == ["recordings.ffmpeg"])
    }

    @Test("registrations are in memory, or in a file whose directory is missed when it is not there")
    func registrarDatabase() throws {
        let memory = try load("registrar: {database: ':memory:'}")
        #expect(memory.configuration.registrar.database == .memory && memory.warnings.isEmpty)
        let relative = try load("registrar: {database: phones.sqlite}")
        #expect(relative.configuration.registrar.database.description.hasSuffix("/phones.sqlite") && relative.warnings.isEmpty)
        #expect(try load("registrar: {database: /nowhere/at/all.sqlite}").warnings.map(\.key) == ["registrar.database"])
    }

    @Test("registrations are in a Redis, or in the one that sentinels name, whose passwords are not shown", arguments: [
        ("redis://h", "redis://h:6379/0"), ("redis://:p%40ss@h:7/3", "redis://h:7/3"), ("rediss://u:p@[::1]/", "rediss://u@[::1]:6379/0"),
        ("REDIS+SENTINEL://u:p@A:1,10.0.0.2/main", "redis+sentinel://u@a:1,10.0.0.2:26379/main/0"), ("rediss+sentinel://[::1],b/m%20x/2", "rediss+sentinel://[::1]:26379,b:26379/m x/2"),
    ])
    func redis(url: String, shown: String) throws {
        let loaded = try load("registrar: {database: '\(url)'}\ncluster: {node: a, secret: 0123456789abcdef, sentinel_password: hush}\n")
        #expect("\(loaded.configuration.registrar.database)" == shown)
        #expect(loaded.warnings.map(\.key) == (url.lowercased().contains("sentinel") ? [] : ["cluster.sentinel_password"]))
        guard case .redis(let redis) = loaded.configuration.registrar.database else { return #expect(Bool(false)) }
        #expect(redis.password?.value == (url.contains("p%40ss") ? "p@ss" : url.contains("u:p") ? "p" : nil))
        #expect(loaded.configuration.cluster.sentinelPassword?.value == "hush")
    }

    @Test("what is no address of a Redis is refused, without its password", arguments: [
        ("redis://", ": 9 to"), ("redis://:0", "lacks an address"), ("redis://a,b", "Redis Cluster is not supported"), ("redis://u:hush@a:x", "port"), ("redis://u@a", "needs a password"), ("redis://:hush@a/b", "number of a database"),
        ("redis://a/1/2", "not of the form"), ("redis://a?x=1", "not of the form"), ("redis://a:0", "not of the form"), ("redis-sentinel://a/m", "no database"), ("http://u:hush@a", "no database"),
        ("redis+sentinel://a,b", "name the master"), ("redis+sentinel://a,/m", "lacks an address"), ("redis+sentinel://a/m/x", "number of a database"),
        ("redis+sentinel://a/m/1/2", "name the master"), ("redis+sentinel://1,2,3,4,5,6,7,8,9/m", "too many"), ("redis+sentinel://:hush@a b/m", "neither a host name"),
    ])
    func noRedis(url: String, words: String) {
        #expect {
            try load("registrar: {database: '\(url)'}\ncluster: {node: a, secret: 0123456789abcdef}\n")
        } throws: { error in
            let text = "\(error)"
            return text.contains("registrar.database") && text.contains(words) && !text.contains("hush")
        }
    }

    @Test("those who vouch for a Redis are read where it is reached by TLS")
    func redisAuthorities() throws {
        let node = "cluster: {node: a, secret: 0123456789abcdef, authorities: /nowhere/ca.pem}\n"
        #expect(throws: TernConfigurationError.self) { try load("registrar: {database: 'rediss://h'}\n" + node) }
        #expect(try load("registrar: {database: 'redis://h'}\n" + node).warnings.map(\.key) == ["cluster.authorities"])
    }

    @Test("a certificate for a Redis is read with its key; it has no use without TLS, and a key none without it")
    func redisCertificate() throws {
        let authority = try TestAuthority(), pair = try authority.issue("tern", names: "DNS:tern.example", days: 100)
        let node = "cluster: {node: a, secret: 0123456789abcdef, "
        let loaded = try load("registrar: {database: 'rediss://h'}\n" + node + "certificate: \(pair.certificate), key: \(pair.key)}\n")
        #expect(loaded.configuration.cluster.identity == TLSFiles(certificate: pair.certificate, key: pair.key) && loaded.warnings.isEmpty, "\(loaded.warnings)")
        #expect(try load("registrar: {database: 'redis://h'}\n" + node + "certificate: \(pair.certificate), key: \(pair.key)}\n").warnings.map(\.key) == ["cluster.certificate"])
        for (wrong, reason) in [("certificate: \(pair.certificate), key: /nowhere.key}", "/nowhere.key"), ("key: \(pair.key)}", "a key needs its certificate")] {
            #expect { try load("registrar: {database: 'rediss://h'}\n" + node + wrong + "\n") } throws: { "\($0)".contains(reason) }
        }
        withExtendedLifetime(authority) {}
    }

    @Test("records are nowhere, in memory, in a file whose directory is missed when it is not there, or in PostgreSQL, whose password is not shown")
    func recordDatabase() throws {
        func database(_ text: String) throws -> GatewayConfiguration.Records.Database { try load("records: {database: '\(text)'}").configuration.records.database }
        #expect(try database("none") == .none && database("memory") == .memory && database(":memory:") == .memory)
        guard case .file(let path) = try database("calls.sqlite") else { throw TernConfigurationError(problems: []) }
        #expect(path.hasSuffix("/calls.sqlite") && path.hasPrefix("/"))
        #expect(try load("records: {database: /nowhere/at/all.sqlite}").warnings.map(\.key) == ["records.database"])
        #expect(try load("records: {file: /nowhere/at/all.jsonl}").warnings.map(\.key) == ["records.file"])
        let shown = try database("postgresql://tern:hush@db:5433/calls?password=hush&sslmode=require").description
        #expect(shown == "postgresql://tern@db:5433/calls?password=…&sslmode=require")
        #expect(try load("records: {keep: 0}").configuration.records.keep == nil)
    }

    @Test("Janus' directory is one that no other gateway of this machine has")
    func runtimeDirectory() throws {
        func directory(_ environment: [String: String], _ text: String = "") throws -> String {
            try load(text, environment: environment).configuration.janus.directory
        }
        #expect(try directory(["RUNTIME_DIRECTORY": "/run/tern:/run/other"]) == "/run/tern")
        #expect(try directory(["XDG_RUNTIME_DIR": "/run/user/1"]) == "/run/user/1/tern-127.0.0.1-5060")
        #expect(try directory(["XDG_RUNTIME_DIR": "relative"]).hasPrefix("/tmp/tern-"))
        #expect(try directory([:], "sip: {listen: 'udp:[::1]:5070'}").hasSuffix("-__1-5070"))
        #expect(try directory(["RUNTIME_DIRECTORY": "/run/tern"], "janus: {directory: /srv/janus}") == "/srv/janus")
    }

    @Test("this machine's addresses have loopback among them")
    func hostAddresses() {
        let host = HostAddresses.current()
        #expect(host.all.contains("127.0.0.1"))
        #expect(host.defaultRoute.map { host.all.contains($0) } ?? true)
    }
}
