internal import SIPNames

extension ConfigurationReader {
    private static let probeKeys = ["name", "call", "trunk", "from", "every", "seconds", "expect", "minimum_mos", "maximum_round_trip"]

    /// After users and trunks, which it names.
    mutating func readProbes(_ top: ConfigurationSection) {
        guard let node = top.node["probes"] else { return }
        configuration.probes = []
        var places: [String: ConfigurationOrigin] = [:]
        for (index, item) in top.sections(of: node, name: "probes", count: 0...100, known: Self.probeKeys).enumerated() {
            guard let section = ConfigurationSection(item, path: "probes[\(index)]", known: Self.probeKeys, problems: problems), let probe = probe(section)
            else { continue }
            if let first = places[probe.name] {
                problems.add(section.origin(of: "name"), key: section.key("name"), "there is a probe \(probe.name) already, at \(first)")
                continue
            }
            places[probe.name] = section.origin(of: "name")
            configuration.probes.append(probe)
        }
        guard !configuration.probes.isEmpty, configuration.sip.listen.allSatisfy({ $0.transport == .tls }) else { return }
        problems.warn(node.origin, key: "probes", "test calls come in by UDP or TCP, and sip.listen has neither: no line is tested")
    }

    private func probe(_ section: ConfigurationSection) -> Probe? {
        for name in ["name", "call"] where section.written(name) == nil {
            problems.add(section.origin(of: name), key: section.key(name), "a probe must have a \(name)")
        }
        let name = section.value("name", ConfigurationText.userName)
        let call = section.value("call") { text throws(ConfigurationText.Refusal) in
            let number = try ConfigurationText.printable(text, in: 1...256)
            guard !number.contains(where: { $0 == " " || $0 == "<" || $0 == ">" || $0 == "@" || $0 == ":" }) else {
                throw ConfigurationText.Refusal("a probe dials a name or a number, not a URI")
            }
            return number
        }
        guard let name, let call else { return nil }
        var probe = Probe(name: name, call: call)
        probe.trunk = known("trunk", in: section, configuration.trunks.map(\.name))
        probe.from = known("from", in: section, configuration.users.map(\.name), as: "user")
        probe.every = section.value("every") { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.duration(text, in: .seconds(60) ... .seconds(86_400))
        }
        section.read("seconds", into: &probe.seconds) { text throws(ConfigurationText.Refusal) in try ConfigurationText.integer(text, in: 3...60) }
        section.read("expect", into: &probe.expectation) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.choice(text, of: Probe.Expectation.self)
        }
        section.read("minimum_mos", into: &probe.minimumScore) { text throws(ConfigurationText.Refusal) in
            guard let score = Double(text), (1...4.5).contains(score) else { throw ConfigurationText.Refusal("\(ConfigurationText.quoted(text)) is not in 1 to 4.5") }
            return score
        }
        section.read("maximum_round_trip", into: &probe.maximumRoundTrip) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.duration(text, in: .milliseconds(1) ... .seconds(10))
        }
        return probe
    }

    /// A name that stands elsewhere in the configuration.
    private func known(_ key: String, in section: ConfigurationSection, _ names: [String], as what: String? = nil) -> String? {
        section.value(key) { text throws(ConfigurationText.Refusal) in
            guard names.contains(text) else {
                throw ConfigurationText.Refusal("there is no \(what ?? key) \(ConfigurationText.shown(text))\(Suggestion.hint(for: text, among: names))")
            }
            return text
        }
    }
}
