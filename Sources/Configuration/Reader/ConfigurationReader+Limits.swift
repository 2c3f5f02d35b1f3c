extension ConfigurationReader {
    mutating func readLimits(_ section: ConfigurationSection?) {
        section?.read("calls_per_second", into: &configuration.limits.callsPerSecond) { text throws(ConfigurationText.Refusal) in
            let rate = try ConfigurationText.integer(text, in: 0...100_000)
            return rate == 0 ? nil : rate
        }
        section?.read("set_ups", into: &configuration.limits.setUps) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.integer(text, in: 1...10_000)
        }
        section?.read("loop_delay", into: &configuration.limits.loopDelay) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.duration(text, in: .milliseconds(10) ... .seconds(10))
        }
        let count = { (text: String) throws(ConfigurationText.Refusal) -> Int in try ConfigurationText.integer(text, in: 1...100_000) }
        configuration.limits.strangersPerAddress = section?.value("strangers_per_address", count)
        configuration.limits.strangersPerPrefix = section?.value("strangers_per_prefix", count)
        configuration.limits.unacknowledged = section?.value("unacknowledged", count)
        if let ranges = section?.list("exempt", count: 0...64, ConfigurationText.addressRange) { configuration.limits.exempt = ranges.map(\.value) }
    }
}
