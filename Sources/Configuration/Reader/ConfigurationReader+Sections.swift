internal import Authentication
internal import Logging
internal import Recording
internal import SIPNames

// One method a section; each key's bounds stand with its documentation in GatewayConfiguration.
extension ConfigurationReader {
    mutating func readHTTP(_ section: ConfigurationSection?) {
        section?.read("listen", into: &configuration.http.listen) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.listener(text, transport: .tcp)
        }
        configuration.http.tls = tlsFiles(subsection("tls", of: section))
        if !problems.concern("http.listen") {
            listeners.append((configuration.http.listen, section?.written("listen")?.origin ?? .builtIn, "http.listen"))
        }
        if let origins = section?.list("allowed_origins", count: 0...64, ConfigurationText.origin) {
            configuration.http.allowedOrigins = origins.map(\.value)
        }
        if let hosts = section?.list("hosts", count: 0...64, ConfigurationText.host) { configuration.http.hosts = hosts.map(\.value) }
        if let ranges = section?.list("metrics_from", count: 0...64, ConfigurationText.addressRange) {
            configuration.http.metricsFrom = ranges.map(\.value)
        }
    }

    mutating func readMedia(_ section: ConfigurationSection?) -> MediaAddress {
        section?.read("rtp_ports", into: &configuration.media.rtpPorts) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.ports(text, least: ConfigurationReader.leastPorts)
        }
        section?.read("timeout", into: &configuration.media.timeout) { text throws(ConfigurationText.Refusal) in
            if try ConfigurationText.duration(text, in: .zero ... .seconds(3_600)) == .zero { return nil }
            return try ConfigurationText.duration(text, in: .seconds(1) ... .seconds(3_600))
        }
        section?.read("latching", into: &configuration.media.latching) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.choice(text, of: GatewayConfiguration.Media.Latching.self)
        }
        configuration.media.address6 = section?.value("address6", ConfigurationText.mediaAddress6)
        let given = section?.value("address", ConfigurationText.mediaAddress)
        let media = MediaAddress(given: given, sip: configuration.sip.listen, host: host)
        configuration.media.address = media.address
        for reason in media.warnings(host: host) {
            problems.warn(section?.written("address")?.origin ?? .builtIn, key: "media.address", reason)
        }
        return media
    }

    mutating func readNAT(_ section: ConfigurationSection?) {
        configuration.nat.publicAddress = section?.value("public_address", ConfigurationText.publicAddress)
        if let networks = section?.list("local_networks", count: 0...64, ConfigurationText.addressRange) {
            configuration.nat.localNetworks = networks.map(\.value)
            for network in networks where network.value.isIPv6 { problems.warn(network.origin, key: network.key, "has no use: the NAT is one of IPv4") }
        }
        guard let section, let address = configuration.nat.publicAddress?.description else { return }
        let origin = section.origin(of: "public_address"), key = "nat.public_address"
        if address == configuration.media.address {
            problems.add(origin, key: key, "is media.address as well, which is the address of this machine behind the NAT, as in 10.0.0.5")
        } else if host.all.contains(address) {
            problems.warn(origin, key: key, "is an address of this machine: without a NAT before it, media.address has the address, and this key is left out")
        } else if configuration.sip.listen.allSatisfy(\.isLoopback) {
            problems.warn(origin, key: key, "has no use while SIP listens on loopback alone")
        }
    }

    mutating func readJanus(_ section: ConfigurationSection?) {
        configuration.janus.directory = RuntimeDirectory.path(
            environment: environment, listener: configuration.sip.listen.first)
        guard let section else { return }
        section.read("mode", into: &configuration.janus.mode) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.choice(text, of: GatewayConfiguration.Janus.Mode.self)
        }
        section.read("count", into: &configuration.janus.count) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.integer(text, in: 1...32)
        }
        if configuration.janus.count > 1 {
            configuration.janus.eventLoops = max(1, configuration.janus.eventLoops / configuration.janus.count)
            configuration.janus.memoryLimit = max(256 << 20, configuration.janus.memoryLimit / configuration.janus.count)
        }
        section.read("executable", into: &configuration.janus.executable, ConfigurationText.path)
        configuration.janus.plugin = section.value("plugin", ConfigurationText.path)
        section.read("directory", into: &configuration.janus.directory, ConfigurationText.path)
        section.read("event_loops", into: &configuration.janus.eventLoops) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.integer(text, in: 1...64)
        }
        section.read("memory_limit", into: &configuration.janus.memoryLimit) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.size(text, in: (128 << 20)...(1 << 40))
        }
        configuration.janus.apiSecret = section.value("api_secret") { text throws(ConfigurationText.Refusal) in
            Secret(try ConfigurationText.printable(text, in: 1...256))
        }
        let urls = section.list("urls", count: 0...32, ConfigurationText.externalJanus)
        configuration.janus.urls = urls?.map(\.value) ?? []
        for (index, url) in (urls ?? []).enumerated() {
            guard let first = urls?[..<index].first(where: { $0.value.url == url.value.url }) else { continue }
            problems.add(url.origin, key: url.key, "this is \(first.key) once more: each Janus has a URL of its own")
        }
        checkJanus(section)
    }

    mutating func readRecordings(_ section: ConfigurationSection?) {
        section?.read("directory", into: &configuration.recordings.directory, ConfigurationText.path)
        section?.read("video", into: &configuration.recordings.video) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.choice(text, of: VideoStyle.self)
        }
        section?.read("keep_mjr", into: &configuration.recordings.keepsCaptures, ConfigurationText.boolean)
        section?.read("jobs", into: &configuration.recordings.jobs) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.integer(text, in: 1...16)
        }
        section?.read("minimum_free", into: &configuration.recordings.minimumFree) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.size(text, in: 0...(1 << 50))
        }
        section?.read("ffmpeg", into: &configuration.recordings.ffmpeg) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.printable(text, in: 1...1_024)
        }
        let ffmpeg = configuration.recordings.ffmpeg
        guard !problems.concern("recordings.ffmpeg"), let reason = RecordingProgram.problem(with: ffmpeg) else { return }
        problems.warn(
            section?.written("ffmpeg")?.origin ?? .builtIn, key: "recordings.ffmpeg",
            "\(reason): what is recorded stays as Janus writes it until there is one (Debian package ffmpeg)")
    }

    mutating func readCalls(_ section: ConfigurationSection?) {
        section?.read("ring_timeout", into: &configuration.calls.ringTimeout) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.duration(text, in: .seconds(1) ... .seconds(3_600))
        }
        section?.read("maximum_duration", into: &configuration.calls.maximumDuration) {
            text throws(ConfigurationText.Refusal) in
            if try ConfigurationText.duration(text, in: .zero ... .seconds(7 * 86_400)) == .zero { return nil }
            return try ConfigurationText.duration(text, in: .seconds(1) ... .seconds(7 * 86_400))
        }
        section?.read("drain", into: &configuration.calls.drain) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.duration(text, in: .zero ... .seconds(86_400))
        }
        section?.read("redirects", into: &configuration.calls.redirects) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.choice(text, of: GatewayConfiguration.Calls.Redirects.self)
        }
        section?.read("line_tests", into: &configuration.calls.lineTests) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.integer(text, in: 0...10_000)
        }
        section?.read("line_test_reports", into: &configuration.calls.lineTestReports) { text throws(ConfigurationText.Refusal) in
            guard let uri = SIPURI(text), uri.isWellFormed, uri.headers.isEmpty, [nil, "udp", "tcp", "tls"].contains(uri.transport) else {
                throw ConfigurationText.Refusal("not a SIP URI")
            }
            return text
        }
        configuration.calls.allowsDirectURIs =
            section?.value("direct_uris", ConfigurationText.boolean) ?? configuration.trunks.isEmpty
    }

    mutating func readAPI(_ section: ConfigurationSection?) {
        section?.read("grace_time", into: &configuration.api.graceTime) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.duration(text, in: .zero ... .seconds(3_600))
        }
        section?.read("sessions_per_user", into: &configuration.api.sessionsPerUser) {
            text throws(ConfigurationText.Refusal) in
            try ConfigurationText.integer(text, in: 1...100_000)
        }
    }

    mutating func readLog(_ section: ConfigurationSection?) {
        section?.read("level", into: &configuration.log.level) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.choice(text, of: Logger.Level.self)
        }
        section?.read("format", into: &configuration.log.format) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.choice(text, of: GatewayConfiguration.Log.Format.self)
        }
        section?.read("sip", into: &configuration.log.sip, ConfigurationText.boolean)
    }
}
