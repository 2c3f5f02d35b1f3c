internal import Authentication

extension ConfigurationReader {
    mutating func readTraces(_ section: ConfigurationSection?) {
        section?.read("memory", into: &configuration.traces.memory) { text throws(ConfigurationText.Refusal) in
            let size = try ConfigurationText.size(text, in: 0...(64 << 30))
            return size == 0 ? 0 : try ConfigurationText.size(text, in: (1 << 20)...(64 << 30))
        }
    }

    mutating func readHEP(_ section: ConfigurationSection?) {
        var transport = GatewayConfiguration.HEP.Transport.udp
        configuration.hep.address = section?.value("address") { text throws(ConfigurationText.Refusal) in
            let written = ["udp", "tcp"].first { text.lowercased().hasPrefix("\($0):") }
            transport = written.flatMap(GatewayConfiguration.HEP.Transport.init) ?? .udp
            let (host, port) = try ConfigurationText.hostAndPort(written == nil ? text : String(text.dropFirst(4)))
            guard let port, port > 0 else { throw ConfigurationText.Refusal("\(ConfigurationText.quoted(text)) lacks a port, as in homer.example.org:9060") }
            return (try ConfigurationText.host(host), port)
        }
        configuration.hep.transport = transport
        section?.read("id", into: &configuration.hep.id) { text throws(ConfigurationText.Refusal) in
            UInt32(try ConfigurationText.integer(text, in: 0...Int(UInt32.max)))
        }
        configuration.hep.password = section?.value("password") { text throws(ConfigurationText.Refusal) in
            Secret(try ConfigurationText.printable(text, in: 1...256))
        }
        if configuration.hep.address == nil, let other = section?.written("id") ?? section?.written("password") {
            problems.warn(other.origin, key: "hep.address", "nothing is sent to a Homer: this needs its address")
        }
    }
}
