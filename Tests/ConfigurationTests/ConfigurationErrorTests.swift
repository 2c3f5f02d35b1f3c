@testable import Configuration
import Testing

/// Text of a configuration, and the problems that it must give: `line:column key: part of the reason`.
struct FaultyConfiguration: Sendable, CustomTestStringConvertible {
    let text: String
    let line: Int
    let column: Int
    let key: String
    let reason: String

    init(_ text: String, _ line: Int, _ column: Int, _ key: String, _ reason: String) {
        (self.text, self.line, self.column, self.key, self.reason) = (text, line, column, key, reason)
    }

    var testDescription: String { "\(key): \(reason)" }

    static let all: [FaultyConfiguration] = [
        // The text as a whole
        .init("sip: [", 2, 1, "", "not YAML"),
        .init("sip:\n  listen: 'udp", 2, 15, "", "not YAML"),
        .init("sip:\n\tlisten: x\n", 2, 1, "", "by spaces, not by tabs"),
        .init("routes: [{match: *, to: user}]", 1, 19, "", "must stand in quotes"),
        .init("- a\n- b\n", 1, 1, "", "must consist of sections"),
        .init("routes: [{match: @bc, to: user}]", 1, 18, "", "begins with @ must stand in quotes, as in \"@bc\""),
        .init("users:\n  - name: carol\n    password: `x\n", 3, 15, "", "begins with ` must stand in quotes"),
        .init("log:\n  level: info\nlog:\n  level: debug\n", 3, 1, "", "log stands twice in its section, here and at tern.yaml:1:1"),
        .init("users:\n  - name: carol\n    password: x\n    name: dave\n", 4, 5, "", "name stands twice in its section, here and at tern.yaml:2:5"),
        .init("log: {level: info, format: text, level: debug}\n", 1, 34, "", "level stands twice in its section, here and at tern.yaml:1:7"),
        .init("log: *nothing\n", 1, 6, "", "undefined alias"),
        // Unknown keys, wrong shapes
        .init("spi:\n  listen: []\n", 1, 1, "spi", "unknown key (did you mean sip?)"),
        .init("sip:\n  listne: []\n", 2, 3, "sip.listne", "unknown key (did you mean listen?)"),
        .init("log:\n  colour: true\n", 2, 3, "log.colour", "unknown key"),
        .init("listen: udp:127.0.0.1:5060\n", 1, 1, "listen", "unknown key here: it belongs under sip or http"),
        .init("certificate: a.pem\n", 1, 1, "certificate", "it belongs under sip.tls, http.tls or cluster"),
        .init("sip:\n  users: []\n", 2, 3, "sip.users", "it belongs at the top, without indentation"),
        .init("users:\n  alice: secret-7\n  bob: secret-8\n", 2, 3, "users", "users is a list: each entry begins with a dash, as in \"- name: …\""),
        .init("users: {alice: {password: secret-7}}\n", 1, 8, "users", "users is a list"),
        .init("trunks:\n  carrier:\n    targets: [sip:192.0.2.1]\n", 2, 3, "trunks", "trunks is a list"),
        .init("routes: echo\n", 1, 9, "routes", "routes is a list"),
        .init("sip: udp:127.0.0.1:5060\n", 1, 6, "sip", "must consist of keys"),
        .init("log:\n  level:\n    - info\n", 3, 5, "log.level", "not a list"),
        .init("log:\n  level: {a: b}\n", 2, 10, "log.level", "not a section"),
        .init("users:\n  - {name: carol, password: x, pasword: y}\n", 2, 32, "users[0].pasword", "did you mean password"),
        .init("\"evil\\nkey\": 1\n", 1, 1, "evil\\nkey", "unknown key"),
        // Listeners
        .init("sip:\n  listen: []\n", 2, 11, "sip.listen", "1 to 16 entries"),
        .init("sip:\n  listen:\n    - udp:127.0.0.1:5060\n    - udp:127.0.0.1:70000\n", 4, 7, "sip.listen[1]", "port 70000"),
        .init("sip:\n  listen: udp:127.0.0.1\n", 2, 11, "sip.listen[0]", "lacks a port"),
        .init("sip:\n  listen: 'udp:127.0.0.1:'\n", 2, 11, "sip.listen[0]", "does not end in a port"),
        .init("sip:\n  listen: udp:127.0.0.1:-1\n", 2, 11, "sip.listen[0]", "does not end in a port"),
        .init("sip:\n  listen: udp:127.0.0.1:99999999999999999999\n", 2, 11, "sip.listen[0]", "does not end in a port"),
        .init("sip:\n  listen: 127.0.0.1:5060\n", 2, 11, "sip.listen[0]", "udp:, tcp: or tls:"),
        .init("sip:\n  listen: tls:127.0.0.1:5061\n", 2, 11, "sip.listen[0]", "needs a certificate"),
        .init("sip:\n  listen: udp:localhost:5060\n", 2, 11, "sip.listen[0]", "127.0.0.1 is meant"),
        .init("sip:\n  listen: udp:::1:5060\n", 2, 11, "sip.listen[0]", "brackets"),
        .init("sip:\n  listen: udp:[::1:5060\n", 2, 11, "sip.listen[0]", "lacks a ]"),
        .init("sip:\n  listen: 'udp:[127.0.0.1]:5060'\n", 2, 11, "sip.listen[0]", "not an IPv6 address"),
        .init("sip:\n  listen: udp:224.0.0.1:5060\n", 2, 11, "sip.listen[0]", "no address of one machine"),
        .init("sip:\n  listen: [udp:127.0.0.1:5060, 'udp:127.0.0.1:5060']\n", 2, 32, "sip.listen[1]", "overlaps"),
        .init("sip:\n  listen: [tcp:127.0.0.1:8080]\n", 0, 0, "http.listen", "overlaps"),
        .init("sip:\n  listen: [udp:127.0.0.1:20000]\n", 2, 12, "sip.listen[0]", "within media.rtp_ports"),
        .init("http:\n  listen: 127.0.0.1\n", 2, 11, "http.listen", "lacks a port"),
        .init("http:\n  listen: '*:80'\n", 2, 11, "http.listen", "0.0.0.0 is all of IPv4"),
        .init("http:\n  allowed_origins: [example.org]\n", 2, 21, "http.allowed_origins[0]", "not an origin"),
        .init("http:\n  allowed_origins: [https://example.org/page]\n", 2, 21, "http.allowed_origins[0]", "neither"),
        // SIP
        .init("sip:\n  domain: a b\n", 2, 11, "sip.domain", "neither a host name nor"),
        .init("sip:\n  user_agent: \"a\\r\\nX: y\"\n", 2, 15, "sip.user_agent", "control character"),
        .init("sip:\n  name_servers: ns.example.org\n", 2, 17, "sip.name_servers[0]", "not an IP address"),
        .init("sip:\n  name_servers: [192.0.2.1, '192.0.2.1:0']\n", 2, 29, "sip.name_servers[1]", "port 0"),
        .init("sip:\n  name_servers: 0.0.0.0\n", 2, 17, "sip.name_servers[0]", "no address of one machine"),
        .init("sip:\n  name_servers: [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4, 1.1.1.5, 1.1.1.6, 1.1.1.7, 1.1.1.8, 1.1.1.9]\n", 2, 17, "sip.name_servers", "0 to 8 entries"),
        .init("sip:\n  maximum_calls: 0\n", 2, 18, "sip.maximum_calls", "not in 1 to 100000"),
        .init("sip:\n  maximum_calls: many\n", 2, 18, "sip.maximum_calls", "not a whole number"),
        .init("api:\n  sessions_per_user: 0\n", 2, 22, "api.sessions_per_user", "not in 1 to 100000"),
        // Media
        .init("media:\n  address: ::1\n", 2, 12, "media.address", "IPv4"),
        .init("media:\n  address6: 192.0.2.1\n", 2, 13, "media.address6", "give an IPv6 address"),
        .init("media:\n  address6: '::'\n", 2, 13, "media.address6", "cannot send to"),
        .init("media:\n  address6: fe80::1\n", 2, 13, "media.address6", "of one link"),
        .init("media:\n  address6: ff02::1\n", 2, 13, "media.address6", "no address of one machine"),
        .init("nat:\n  public_address: ext.example.org\n", 2, 19, "nat.public_address", "not an IP address"),
        .init("nat:\n  public_address: 0.0.0.0\n", 2, 19, "nat.public_address", "cannot send to"),
        .init("nat:\n  public_address: 127.0.0.1\n", 2, 19, "nat.public_address", "loopback"),
        .init("nat:\n  public_address: 2001:db8::1\n", 2, 19, "nat.public_address", "needs no NAT"),
        .init("nat:\n  public_address: 198.51.100.7\nmedia: {address: 198.51.100.7}\n", 2, 19, "nat.public_address", "is media.address as well"),
        .init("nat:\n  local_networks: [10.0.0.1/8]\n", 2, 20, "nat.local_networks[0]", "10.0.0.1/8"),
        .init("media:\n  address: 0.0.0.0\n", 2, 12, "media.address", "cannot send to"),
        .init("media:\n  rtp_ports: 20000\n", 2, 14, "media.rtp_ports", "range of ports"),
        .init("media:\n  rtp_ports: 30000-20000\n", 2, 14, "media.rtp_ports", "above the last"),
        .init("media:\n  rtp_ports: 20000-20009\n", 2, 14, "media.rtp_ports", "too few"),
        .init("media:\n  rtp_ports: 20000-70000\n", 2, 14, "media.rtp_ports", "port 70000"),
        // Traces and Homer
        .init("traces:\n  memory: 100K\n", 2, 11, "traces.memory", "not in 1048576"),
        .init("hep:\n  address: homer.example.org\n", 2, 12, "hep.address", "lacks a port"),
        .init("hep:\n  address: 'a b:9060'\n", 2, 12, "hep.address", "neither a host name nor"),
        .init("hep:\n  address: 127.0.0.1:9060\n  id: 4294967296\n", 3, 7, "hep.id", "not in 0 to 4294967295"),
        // Janus
        .init("janus:\n  mode: exernal\n", 2, 9, "janus.mode", "did you mean external"),
        .init("janus:\n  mode: external\n", 2, 3, "janus.urls", "at least one URL"),
        .init("janus:\n  mode: external\n  urls: [http://127.0.0.1:8188]\n", 3, 10, "janus.urls[0]", "ws://"),
        .init("janus:\n  mode: external\n  urls: [wss://127.0.0.1:8188]\n", 3, 10, "janus.urls[0]", "TLS"),
        .init("janus:\n  mode: external\n  urls: [ws://127.0.0.1:8188, ws://127.0.0.1:8188]\n", 3, 31, "janus.urls[1]", "this is janus.urls[0] once more"),
        .init("janus:\n  mode: external\n  urls: [ws://127.0.0.1:8188 somewhere]\n", 3, 10, "janus.urls[0]", "not an IP address"),
        .init("janus:\n  mode: external\n  urls: [ws://127.0.0.1:8188 192.0.2.1 192.0.2.2]\n", 3, 10, "janus.urls[0]", "two IPv4 addresses"),
        .init("janus:\n  mode: external\n  urls: ['ws://127.0.0.1:8188 2001:db8::1']\n", 3, 10, "janus.urls[0]", "and none of IPv4"),
        .init("janus:\n  mode: external\n  urls: [ws://127.0.0.1:8188 0.0.0.0]\n", 3, 10, "janus.urls[0]", "cannot send to 0.0.0.0"),
        .init("janus:\n  mode: external\n  urls: ['']\n", 3, 10, "janus.urls[0]", "1 to 512"),
        .init("janus:\n  count: 0\n", 2, 10, "janus.count", "1 to 32"),
        .init("janus:\n  count: 33\n", 2, 10, "janus.count", "1 to 32"),
        .init("janus:\n  count: three\n", 2, 10, "janus.count", "three"),
        .init("janus:\n  count: [1, 2]\n", 2, 10, "janus.count", "not a list"),
        .init("media:\n  rtp_ports: 20000-20298\njanus:\n  count: 3\n", 4, 10, "janus.count", "3 Januses share the 299 ports of media.rtp_ports, 20000-20298: 99 each, and each needs 100"),
        .init("janus:\n  event_loops: 65\n", 2, 16, "janus.event_loops", "1 to 64"),
        .init("janus:\n  memory_limit: 100M\n", 2, 17, "janus.memory_limit", "not in 134217728"),
        .init("janus:\n  memory_limit: 2T\n", 2, 17, "janus.memory_limit", "not in"),
        // Several gateways
        .init("registrar:\n  database: redis://\n", 2, 13, "registrar.database", "9 to 2048"),
        .init("registrar:\n  database: redis://:x@\n", 2, 13, "registrar.database", "lacks an address"),
        .init("registrar:\n  database: redis://alice@10.0.0.8\n", 2, 13, "registrar.database", "needs a password"),
        .init("registrar:\n  database: redis://10.0.0.8:0\n", 2, 13, "registrar.database", "is not of the form redis://USER:PASSWORD@HOST:PORT/DATABASE"),
        .init("registrar:\n  database: redis://10.0.0.8:70000\n", 2, 13, "registrar.database", "port 70000"),
        .init("registrar:\n  database: redis://10.0.0.8/tern\n", 2, 13, "registrar.database", "the number of a database"),
        .init("registrar:\n  database: redis://10.0.0.8/1024\n", 2, 13, "registrar.database", "0 to 1023"),
        .init("registrar:\n  database: redis://10.0.0.8?ssl=true\n", 2, 13, "registrar.database", "is not of the form"),
        .init("registrar:\n  database: memcached://10.0.0.8\n", 2, 13, "registrar.database", "is no database"),
        .init("cluster:\n  node: a b\n", 2, 9, "cluster.node", "no name of a node"),
        .init("cluster:\n  node: ''\n", 2, 9, "cluster.node", "no name of a node"),
        .init("cluster:\n  address: 10.0.0.1:5060\n", 2, 12, "cluster.address", "must start with udp:"),
        .init("cluster:\n  address: udp:0.0.0.0:5060\n", 2, 12, "cluster.address", "other nodes cannot call"),
        .init("cluster:\n  address: tcp:10.0.0.1:0\n", 2, 12, "cluster.address", "other nodes cannot call"),
        .init("cluster:\n  secret: short\n", 2, 11, "cluster.secret", "16 to 256"),
        .init("cluster:\n  prefix: ''\n", 2, 11, "cluster.prefix", "1 to 64"),
        .init("registrar: {database: 'redis://10.0.0.8'}\ncluster: {secret: 0123456789abcdef}\n", 1, 23, "cluster.node", "need the name of this gateway"),
        .init("registrar: {database: 'redis://10.0.0.8'}\ncluster: {node: a}\n", 1, 23, "cluster.secret", "openssl rand -hex 24"),
        .init(
            "sip: {listen: 'udp:[::1]:5060'}\nregistrar: {database: 'redis://10.0.0.8'}\ncluster: {node: a, secret: 0123456789abcdef}\n", 2, 23, "cluster.address",
            "where the other gateways reach this one"),
        // Users
        .init("users:\n  - name: carol\n", 2, 5, "users[0].password", "must have a password"),
        .init("users:\n  - {name: carol, password: ''}\n", 2, 29, "users[0].password", "1 to 256 characters"),
        .init("users:\n  - {name: carol, password: }\n", 2, 29, "users[0].password", "must have a password"),
        .init(
            "users:\n  - {name: carol, password: x, ha1: 'MD5:00000000000000000000000000000000'}\n", 2, 37, "users[0].ha1",
            "either a password or ha1"),
        .init("users:\n  - {name: carol, ha1: 'MD5:00'}\n", 2, 24, "users[0].ha1", "32 hexadecimal digits"),
        .init("sip:\n  realm: 'a\"b'\n", 2, 10, "sip.realm", "no quotes"),
        .init("users:\n  - {name: 'c@rol', password: x}\n", 2, 12, "users[0].name", "not a name"),
        .init(
            "users:\n  - {name: carol, password: x}\n  - {name: carol, password: y}\n", 3, 12, "users[1].name",
            "there is a user carol already, at tern.yaml:2:12"),
        .init("users:\n  - {name: carol, password: x, admin: maybe}\n", 2, 39, "users[0].admin", "neither true nor false"),
        // Tokens
        .init("tokens:\n  - key: 0123456789abcdef0123456789abcdef\n", 2, 5, "tokens[0].algorithm", "HS256 or ES256"),
        .init("tokens:\n  - algorithm: HS256\n", 2, 5, "tokens[0].key", "must have a key"),
        .init("tokens:\n  - {algorithm: HS256, key: short}\n", 2, 29, "tokens[0].key", "at least 32 bytes, not 5"),
        .init("tokens:\n  - {algorithm: none, key: 0123456789abcdef0123456789abcdef}\n", 2, 17, "tokens[0].algorithm", "HS256, ES256"),
        .init("tokens:\n  - {algorithm: ES256, key: 0123456789abcdef0123456789abcdef}\n", 2, 29, "tokens[0].key", "no public key"),
        .init("tokens:\n  - {algorithm: ES256, key_file: /nonexistent.pem}\n", 2, 34, "tokens[0].key_file", "cannot be opened"),
        .init("tokens:\n  - {algorithm: HS256, key: x, key_file: /nonexistent}\n", 2, 42, "tokens[0].key_file", "not both"),
        .init(
            "tokens:\n  - {algorithm: HS256, key: 0123456789abcdef0123456789abcdef, clock_skew: 1h}\n", 2, 75, "tokens[0].clock_skew",
            "not in"),
        .init(
            "tokens:\n  - {algorithm: HS256, key: 0123456789abcdef0123456789abcdef, users: all}\n", 2, 70, "tokens[0].users",
            "known, any"),
        // Routes
        .init("routes:\n  - to: echo\n", 2, 5, "routes[0].match", "what it matches"),
        .init("routes:\n  - match: a\n", 2, 5, "routes[0].to", "where calls go"),
        .init("routes:\n  - {match: a, to: }\n", 2, 20, "routes[0].to", "where calls go"),
        .init("routes:\n  - {match: a, to: []}\n", 2, 20, "routes[0].to", "1 to 8 entries"),
        .init("routes:\n  - {match: a, action: echo, to: echo}\n", 2, 16, "routes[0].action", "unknown key"),
        .init("routes:\n  - {match: a, to: ecco}\n", 2, 20, "routes[0].to[0]", "did you mean echo"),
        .init("routes:\n  - {match: '/(/', to: echo}\n", 2, 13, "routes[0].match", "bad regular expression"),
        .init("routes:\n  - {match: '/a)|(b/', to: echo}\n", 2, 13, "routes[0].match", "bad regular expression"),
        .init("routes:\n  - {match: '/(a)\\1/', to: echo}\n", 2, 13, "routes[0].match", "back-references"),
        .init("routes:\n  - {match: /a, to: echo}\n", 2, 13, "routes[0].match", "between slashes"),
        .init("routes:\n  - {match: 'a*b', to: echo}\n", 2, 13, "routes[0].match", "alone or at the end"),
        .init("routes:\n  - {match: a, to: user alise}\n", 2, 20, "routes[0].to[0]", "did you mean alice"),
        .init("routes:\n  - {match: a, to: [user, echo]}\n", 2, 27, "routes[0].to[1]", "must stand alone"),
        .init("routes:\n  - {match: a, to: [reject 404, user]}\n", 2, 21, "routes[0].to[0]", "nothing comes after"),
        .init("routes:\n  - {match: a, to: reject 302}\n", 2, 20, "routes[0].to[0]", "400 to 699"),
        .init("routes:\n  - {match: a, to: reject busy}\n", 2, 20, "routes[0].to[0]", "not a whole number"),
        .init("routes:\n  - {match: a, to: echo, srtp: off}\n", 2, 32, "routes[0].srtp", "only trunk and sip"),
        .init("sip:\n  srtp: on\n", 2, 9, "sip.srtp", "off"),
        .init("routes:\n  - {match: a, to: sip}\n", 2, 20, "routes[0].to[0]", "none of echo"),
        .init("routes:\n  - {match: a, to: 'sip:a@h'}\n", 2, 20, "routes[0].to[0]", "sip sip:a@h is meant"),
        .init("routes:\n  - {match: a, to: 'sip tel:1'}\n", 2, 20, "routes[0].to[0]", "start with sip:"),
        .init("routes:\n  - {match: a, to: 'sip sip:a@{user}'}\n", 2, 20, "routes[0].to[0]", "before the @"),
        .init("routes:\n  - {match: a, to: 'sip sip:{usr}@h'}\n", 2, 20, "routes[0].to[0]", "is no placeholder"),
        .init("routes:\n  - {match: a, to: 'sip sip:{10}@h'}\n", 2, 20, "routes[0].to[0]", "is no placeholder"),
        .init("routes:\n  - {match: a, to: 'sip sip:a}@h'}\n", 2, 20, "routes[0].to[0]", "stands alone"),
        .init("routes:\n  - {match: a, to: 'sip sip:@h'}\n", 2, 20, "routes[0].to[0]", "nothing before the @"),
        .init("routes:\n  - {match: a, to: 'sip sip:a@h:99999'}\n", 2, 20, "routes[0].to[0]", "port 99999"),
        .init("routes:\n  - {match: a, to: 'sip sip:a@h>x'}\n", 2, 20, "routes[0].to[0]", "no SIP URI has"),
        .init("routes:\n  - {match: a, to: 'sip sip:{1}@h'}\n", 2, 20, "routes[0].to[0]", "a has no group"),
        .init("routes:\n  - {match: '0*', rewrite: '{2}', to: user}\n", 2, 28, "routes[0].rewrite", "0* has 1 only"),
        .init("routes:\n  - {match: a, to: trunk carrier}\n", 2, 20, "routes[0].to[0]", "there is no trunk carrier"),
        .init("routes:\n  - {match: a, from: trunk carrier, to: user}\n", 2, 22, "routes[0].from[0]", "there is no trunk carrier"),
        .init("routes:\n  - {match: a, from: user alise, to: user}\n", 2, 22, "routes[0].from[0]", "did you mean alice"),
        .init("routes:\n  - {match: a, from: users, to: user}\n", 2, 22, "routes[0].from[0]", "did you mean user"),
        .init("routes:\n  - {match: a, from: [], to: user}\n", 2, 22, "routes[0].from", "1 to 64 entries"),
        .init("routes:\n  - {match: a, domain: 'a b', to: user}\n", 2, 24, "routes[0].domain[0]", "neither a host name"),
        .init("routes:\n  - {match: a, domain: 'a.*', to: user}\n", 2, 24, "routes[0].domain[0]", "neither a host name"),
        // Times and words
        .init("calls:\n  ring_timeout: soon\n", 2, 17, "calls.ring_timeout", "not a time"),
        .init("calls:\n  ring_timeout: 0\n", 2, 17, "calls.ring_timeout", "not in 1s to 1h"),
        .init("calls:\n  line_tests: 10001\n", 2, 15, "calls.line_tests", "not in 0 to 10000"),
        .init("calls:\n  line_test_reports: collector\n", 2, 22, "calls.line_test_reports", "not a SIP URI"),
        .init("calls:\n  maximum_duration: 1e99\n", 2, 21, "calls.maximum_duration", "not a time"),
        .init("calls:\n  maximum_duration: 99999999999999999999999h\n", 2, 21, "calls.maximum_duration", "not in"),
        .init("registrar:\n  minimum_expires: 2h\n", 2, 20, "registrar.minimum_expires", "not in 1s to 1h"),
        .init("registrar:\n  maximum_expires: 30\n", 2, 20, "registrar.maximum_expires", "above maximum_expires"),
        .init(
            "registrar:\n  minimum_expires: 1h\n  maximum_expires: 1m\n", 3, 20, "registrar.maximum_expires",
            "minimum_expires is above"),
        .init("registrar:\n  contacts_per_user: 0\n", 2, 22, "registrar.contacts_per_user", "not in 1 to 100"),
        .init("registrar:\n  database: ''\n", 2, 13, "registrar.database", "1 to 1024"),
        .init("records:\n  database: mysql://tern:hush@h/d\n", 2, 13, "records.database", "\"mysql://tern@h/d\" is no database"),
        .init("records:\n  keep: 10m\n", 2, 9, "records.keep", "not in"),
        .init("records:\n  url: ftp://tern:hush@h/\n", 2, 8, "records.url", "\"ftp://tern@h/\" must start with http:// or https://"),
        .init("recordings:\n  video: both\n", 2, 10, "recordings.video", "side_by_side, tracks, none"),
        .init("media:\n  timeout: 2h\n", 2, 12, "media.timeout", "not in 0s to 1h"),
        .init("media:\n  timeout: 0.5\n", 2, 12, "media.timeout", "not in 1s to 1h"),
        .init("media:\n  latching: sometimes\n", 2, 13, "media.latching", "auto, off"),
        .init("recordings:\n  minimum_free: much\n", 2, 17, "recordings.minimum_free", "not a size"),
        .init("recordings:\n  minimum_free: 9999999999999999999G\n", 2, 17, "recordings.minimum_free", "not a size"),
        .init("recordings:\n  minimum_free: 9999999999T\n", 2, 17, "recordings.minimum_free", "not in"),
        .init("recordings:\n  jobs: 0\n", 2, 9, "recordings.jobs", "not in 1 to 16"),
        .init("api:\n  grace_time: 2d\n", 2, 15, "api.grace_time", "not a time"),
        .init("log:\n  level: inof\n", 2, 10, "log.level", "did you mean info"),
        .init("log:\n  format: xml\n", 2, 11, "log.format", "text, json"),
    ]
}

@Suite struct ConfigurationErrorTests {
    private func problems(of text: String) -> [ConfigurationProblem] {
        do throws(TernConfigurationError) {
            _ = try ConfigurationReader.load(text: text, host: .usual)
            return []
        } catch {
            return error.problems
        }
    }

    @Test("what is wrong is told with its line, column and key", arguments: FaultyConfiguration.all)
    func fault(_ faulty: FaultyConfiguration) throws {
        let problems = problems(of: faulty.text)
        try #require(problems.count == 1, "\(problems)")
        let origin = faulty.line == 0
            ? ConfigurationOrigin.builtIn : .file(path: "tern.yaml", line: faulty.line, column: faulty.column)
        #expect(problems[0].origin == origin)
        #expect(problems[0].key == faulty.key)
        #expect(problems[0].reason.contains(faulty.reason), "\(problems[0].reason)")
    }

    @Test("all problems are told at once, in the order of the file")
    func allAtOnce() {
        let text = """
            log:
              level: loud
            sip:
              listen: [udp:1.2.3:5060, tcp:127.0.0.1:5060]
              speed: fast
            users:
              - {name: x y, password: p}
              - carol
            """
        #expect(problems(of: text).map(\.description) == [
            "tern.yaml:2:10: log.level: \"loud\" is none of trace, debug, info, notice, warning, error, critical",
            "tern.yaml:4:12: sip.listen[0]: \"1.2.3\" is not an IP address",
            "tern.yaml:5:3: sip.speed: unknown key",
            "tern.yaml:7:12: users[0].name: \"x y\" is not a name: 1 to 64 of letters, digits and . _ + - ~",
            "tern.yaml:8:5: users[1]: this must consist of keys, as in \"name: …\"",
        ])
    }

    @Test("a file that is not there is a problem of the file")
    func missingFile() {
        #expect(throws: TernConfigurationError.self) { try ConfigurationReader.load(file: "/nonexistent/tern.yaml") }
    }

    @Test("a directory, a file that is not UTF-8 and one without end are refused", arguments: ["/", "/dev/zero", "/dev/urandom"])
    func unreadable(path: String) {
        #expect(throws: TernConfigurationError.self) { try ConfigurationReader.load(file: path) }
    }
}
